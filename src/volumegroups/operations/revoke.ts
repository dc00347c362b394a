import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { DiskId, InitiatorId } from '../ids.ts'
import { seen } from '../scope.ts'
import type { Attachment } from '../types.ts'
import { attachmentLocks, type Parts } from './parts.ts'

interface Request {
  readonly diskId: DiskId
  readonly initiatorId: InitiatorId | undefined
}

interface Intent {
  readonly diskId: DiskId
  readonly attachments: readonly Attachment[]
}

/**
 * Takes the right to a disk from one initiator or all. The record goes only when the target has confirmed; until
 * then the disk counts as attached. What the target took away already is never given back: a fence only closes.
 */
export function revoke({ target }: Parts): Definition<Transactor, Request, Intent, void> {
  return {
    kind: 'revoke',
    plan: async (tx, { diskId, initiatorId }) => {
      const grants = await tx.grants(diskId)
      const attachments = grants
        .filter(({ initiator }) => initiatorId === undefined || seen(tx, initiator) === initiatorId)
        .map(({ attachment }) => attachment)
      if (attachments.length === 0) return { met: { result: undefined, subject: diskId } }
      return { intent: { diskId, attachments } }
    },
    locks: ({ diskId }) => attachmentLocks(diskId),
    subject: ({ diskId }) => diskId,
    entities: ({ diskId, attachments }) => [diskId, ...attachments.map(({ initiatorId }) => initiatorId)],
    steps: [
      {
        name: 'revoke at target',
        run: async ({ attachments }) => {
          for (const { targetName, lun } of attachments) await target.revoke(targetName, lun)
        },
      },
    ],
    commit: (tx, { diskId, attachments }) =>
      tx.deleteAttachments(
        diskId,
        attachments.map(({ initiatorId }) => initiatorId),
      ),
    forward: [],
    supersedes: ['grant'],
    atRestart: 'redo',
  }
}
