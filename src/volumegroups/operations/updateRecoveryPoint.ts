import { isDeepStrictEqual } from 'node:util'
import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { RecoveryPointId, VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import { refuseLocked } from '../rules/locks.ts'
import type { PointTerms, RecoveryPoint } from '../types.ts'
import { exclusive, notFound, type Parts, shared } from './parts.ts'

interface Request {
  readonly id: RecoveryPointId
  readonly terms: PointTerms
}

interface Intent extends Request {
  readonly groupId: VolumeGroupId
}

/** Sets a recovery point's terms anew, in the database and the manifest. A lock that holds is never made shorter. */
export function updateRecoveryPoint(parts: Parts): Definition<Transactor, Request, Intent, RecoveryPoint> {
  return {
    ...changesPoint(parts),
    kind: 'updateRecoveryPoint',
    plan: async (tx, { id, terms }) => {
      const point = await tx.recoveryPoint(id)
      if (point === undefined) throw notFound({ kind: 'recoveryPoint', id })
      if (isDeepStrictEqual(termsOf(point), termsOf(terms))) return { met: { result: point, subject: id } }
      const { lockedUntil } = point
      const isKept = lockedUntil && terms.lockedUntil && terms.lockedUntil >= lockedUntil
      if (!isKept) refuseLocked(point, parts.now())
      return { intent: { id, terms, groupId: point.groupId } }
    },
    supersedes: ['updateRecoveryPoint', 'unlockRecoveryPoint'],
  }
}

const termsOf = ({ expiresAt, lockedUntil, labels }: PointTerms): PointTerms => ({
  ...{ expiresAt, lockedUntil, labels: { ...labels } },
})

/** All but the plan of an operation on a point's terms. */
export function changesPoint({ manifests }: Parts) {
  return {
    locks: ({ id, groupId }: Intent) => [exclusive(id), shared(groupId)],
    subject: ({ id }: Intent) => id,
    entities: ({ id, groupId }: Intent) => [id, groupId],
    steps: [restoresManifest(manifests, ({ groupId }: Intent) => groupId)],
    seal: ({ groupId }, commit) => manifests.seal(groupId, commit),
    commit: async (tx, { id, terms, groupId }) => {
      await tx.updateRecoveryPoint(id, terms)
      await tx.touchGroup(groupId)
      return (await tx.recoveryPoint(id)) as RecoveryPoint
    },
    forward: [],
  } satisfies Partial<Definition<Transactor, Request, Intent, RecoveryPoint>>
}
