import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { GrantSpec } from '../ports.ts'
import type { Attachment } from '../types.ts'
import { endSessions, fence, lockOut, serve } from './fences.ts'
import { commitGrant, grant, type Intent, planGrant } from './grant.ts'
import { initiatorLock, type Parts, shared } from './parts.ts'

/**
 * A grant of a disk whose holder's lease is over: the holder is fenced at the target before anything is granted. If
 * it fails, the former holder has the disk again; nobody else had it meanwhile.
 */
export function takeOver(parts: Parts): Definition<Transactor, GrantSpec, Intent, Attachment> {
  const granting = grant(parts)
  return {
    ...granting,
    kind: 'takeOver',
    plan: async (tx, spec) => ({ intent: await planGrant(parts, tx, spec) }),
    locks: (intent) => [
      ...granting.locks(intent),
      ...formerOf(intent).map(({ initiatorId }) => shared(initiatorLock(initiatorId))),
    ],
    steps: [
      {
        name: 'fence the former holder',
        run: async ({ former }) => former && fence(parts, former),
        undo: async ({ former, disk }) => former && serve(parts, disk, former),
      },
      ...granting.steps,
    ],
    commit: async (tx, intent) => {
      for (const { diskId, initiatorId } of formerOf(intent)) {
        await tx.deleteAttachments(diskId, [initiatorId])
        await lockOut(tx, parts, initiatorId)
      }
      return commitGrant(tx, intent)
    },
    forward: [endSessions(parts, (intent: Intent) => formerOf(intent).map(({ initiatorId }) => initiatorId))],
  }
}

const formerOf = ({ former }: Intent): readonly Attachment[] => (former ? [former] : [])
