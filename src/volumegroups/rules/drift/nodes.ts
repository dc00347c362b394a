import type { Finding } from '../../audits.ts'
import type { DiskId, InitiatorId } from '../../ids.ts'
import type { Attachment } from '../../types.ts'

/** What a node said, not long ago, that it serves. */
export interface NodeReport {
  readonly initiatorId: InitiatorId
  readonly serves: readonly DiskId[]
}

type Held = Pick<Attachment, 'diskId' | 'initiatorId' | 'grantedAt'>

/** A disk may be attached so long before its node has it: Kubernetes attaches first. */
export const STAGING_MS = 10 * 60_000

/** Where nodes and attachments differ. Nodes of which nothing is known are left out. Nothing is done: nodes learn it. */
export function compareNodes(
  reports: readonly NodeReport[],
  attachments: readonly Held[],
  now: Date,
): readonly Finding[] {
  const held = Map.groupBy(attachments, ({ initiatorId }) => initiatorId)
  return reports.flatMap(({ initiatorId, serves }) => {
    const rows = held.get(initiatorId) ?? []
    const strange = serves.filter((id) => !rows.some(({ diskId }) => diskId === id))
    const lacking = rows.filter(
      ({ diskId, grantedAt }) => !serves.includes(diskId) && now.getTime() - grantedAt.getTime() > STAGING_MS,
    )
    return [
      ...strange.map(
        (diskId): Finding => ({
          ...{ kind: 'nodeHolds', entities: [diskId, initiatorId], action: 'reported' },
          found: 'the node serves the disk',
          wanted: 'not attached to it: the node learns that with its next renewal',
        }),
      ),
      ...lacking.map(
        ({ diskId }): Finding => ({
          ...{ kind: 'nodeLacks', entities: [diskId, initiatorId], action: 'reported' },
          found: 'the node does not serve the disk',
          wanted: 'attached to it: served there, or detached',
        }),
      ),
    ]
  })
}
