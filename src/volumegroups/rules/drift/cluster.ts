import type { ClusterBeliefs, DriftKind, Finding } from '../../audits.ts'
import type { DiskId } from '../../ids.ts'
import type { Attachment } from '../../types.ts'

type Held = Pick<Attachment, 'diskId' | 'initiatorId'>

/**
 * Where what a cluster believes and the database differ. Nothing is done: the cluster's own controllers and its
 * operators act on what they believe, and a disk without a volume may be another cluster's.
 */
export function compareBeliefs(
  { volumes, attachments }: ClusterBeliefs,
  disks: readonly DiskId[],
  held: readonly Held[],
): readonly Finding[] {
  const known = new Set(disks)
  const claimed = new Set(volumes.map(({ diskId }) => diskId))
  const [here, there] = [new Set(held.map(keyOf)), new Set(attachments.map(keyOf))]
  return [
    ...volumes
      .filter(({ diskId }) => !known.has(diskId))
      .map(({ name, diskId }) =>
        told('volumeUnknown', [diskId], `volume ${name} of this disk`, 'such a disk'),
      ),
    ...disks
      .filter((id) => !claimed.has(id))
      .map((id) => told('volumeUnclaimed', [id], 'no volume of the disk', 'a volume, or no such disk')),
    ...attachments
      .filter((one) => known.has(one.diskId) && !here.has(keyOf(one)))
      .map((one) =>
        told('attachmentUnknown', pair(one), `attachment ${one.name}`, 'attached, or no such attachment'),
      ),
    ...held
      .filter((one) => claimed.has(one.diskId) && !there.has(keyOf(one)))
      .map((one) =>
        told('attachmentMissing', pair(one), 'attached, with no attachment that says so', 'detached'),
      ),
  ]
}

const pair = ({ diskId, initiatorId }: Held): string[] => [diskId, initiatorId]
const keyOf = (held: Held): string => pair(held).join(' ')

const told = (kind: DriftKind, entities: readonly string[], found: string, wanted: string): Finding => ({
  ...{ kind, entities, found, wanted, action: 'reported' },
})
