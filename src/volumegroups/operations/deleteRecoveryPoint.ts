import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { RecoveryPointId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import { refuseLocked } from '../rules/locks.ts'
import { deletionBy } from './burial.ts'
import { departure, departureLocks, dropGroup, type Leaving, leaveGroup } from './departure.ts'
import { exclusive, type Parts } from './parts.ts'

interface Intent extends Leaving {
  readonly id: RecoveryPointId
}

/** Deletes a recovery point: from the database and manifest, then from the store. */
export function deleteRecoveryPoint(parts: Parts): Definition<Transactor, RecoveryPointId, Intent, void> {
  const { store, manifests } = parts
  return {
    kind: 'deleteRecoveryPoint',
    plan: async (tx, id) => {
      const point = await tx.recoveryPoint(id)
      if (point === undefined) return { met: { result: undefined, subject: id } }
      refuseLocked(point, parts.now())
      return { intent: { id, ...(await departure(tx, point.groupId, false)) } }
    },
    locks: (intent) => [exclusive(intent.id), ...departureLocks(intent)],
    subject: ({ id }) => id,
    entities: ({ id, groupId }) => [id, groupId],
    steps: [restoresManifest(manifests, ({ groupId }) => groupId)],
    seal: ({ groupId }, commit) => manifests.seal(groupId, commit),
    commit: async (tx, intent) => {
      await tx.deleteRecoveryPoint(intent.id)
      const { isKept: _, ...deletion } = deletionBy({ graceMs: 0 }, parts)
      await leaveGroup(tx, intent, deletion)
    },
    forward: [
      { name: 'delete recovery point', run: ({ id, groupId }) => store.deleteRecoveryPoint(groupId, id) },
      dropGroup(store),
    ],
    supersedes: ['createRecoveryPoint'],
  }
}
