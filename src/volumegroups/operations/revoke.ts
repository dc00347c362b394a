import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import type { DiskId, InitiatorId } from '../ids.ts'
import { seen } from '../scope.ts'
import type { Attachment } from '../types.ts'
import { fence } from './fences.ts'
import { attachmentLocks, type Parts } from './parts.ts'

export interface Request {
  readonly diskId: DiskId
  readonly initiatorId: InitiatorId | undefined
}

export interface Intent {
  readonly diskId: DiskId
  readonly attachments: readonly Attachment[]
  /** Those of the holders whose leases are over. */
  readonly silent: readonly InitiatorId[]
}

/**
 * Takes the right to a disk from one initiator or all. The record goes only when the target has confirmed; until
 * then the disk counts as attached. What the target took away already is never given back: a fence only closes.
 */
export function revoke(parts: Parts): Definition<Transactor, Request, Intent, void> {
  return {
    kind: 'revoke',
    plan: async (tx, request) => {
      const { diskId } = request
      const attachments = await namedBy(tx, request)
      if (attachments.length === 0) return { met: { result: undefined, subject: diskId } }
      return { intent: { diskId, attachments, silent: await silentOf(parts, tx, attachments) } }
    },
    locks: ({ diskId }) => attachmentLocks(diskId),
    subject: ({ diskId }) => diskId,
    entities: ({ diskId, attachments }) => [diskId, ...attachments.map(({ initiatorId }) => initiatorId)],
    steps: [
      {
        name: 'revoke at target',
        run: async ({ attachments }) => {
          for (const attachment of attachments) await fence(parts, attachment)
        },
      },
    ],
    commit: async (tx, { diskId, attachments }) => {
      for (const attachment of attachments) parts.leases.revoked(attachment)
      await tx.deleteAttachments(
        diskId,
        attachments.map(({ initiatorId }) => initiatorId),
      )
    },
    forward: [],
    supersedes: ['grant', 'takeOver'],
    atRestart: 'redo',
  }
}

/** The attachments that the request means. */
export async function namedBy(tx: Reader, { diskId, initiatorId }: Request): Promise<readonly Attachment[]> {
  const grants = await tx.grants(diskId)
  return grants
    .filter(({ initiator }) => initiatorId === undefined || seen(tx, initiator) === initiatorId)
    .map(({ attachment }) => attachment)
}

export async function silentOf(
  { leases }: Pick<Parts, 'leases'>,
  tx: Reader,
  attachments: readonly Attachment[],
): Promise<readonly InitiatorId[]> {
  const silent: InitiatorId[] = []
  for (const attachment of attachments) {
    if ((await leases.standing(tx, attachment)).isOver) silent.push(attachment.initiatorId)
  }
  return silent
}
