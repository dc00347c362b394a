import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { endSessions, lockOut } from './fences.ts'
import { initiatorLock, type Parts, shared } from './parts.ts'
import { type Intent, type Request, revoke } from './revoke.ts'

/** A revoke from holders of which one has fallen silent: it may come back and know nothing of it. */
export function evict(parts: Parts): Definition<Transactor, Request, Intent, void> {
  const revoking = revoke(parts)
  return {
    ...revoking,
    kind: 'evict',
    locks: (intent) => [
      ...revoking.locks(intent),
      ...intent.silent.map((initiatorId) => shared(initiatorLock(initiatorId))),
    ],
    commit: async (tx, intent) => {
      await revoking.commit(tx, intent)
      for (const initiatorId of intent.silent) await lockOut(tx, parts, initiatorId)
    },
    forward: [endSessions(parts, ({ silent }: Intent) => silent)],
  }
}
