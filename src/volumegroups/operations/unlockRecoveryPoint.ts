import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { RecoveryPointId, VolumeGroupId } from '../ids.ts'
import type { PointTerms, RecoveryPoint } from '../types.ts'
import { notFound, type Parts } from './parts.ts'
import { changesPoint } from './updateRecoveryPoint.ts'

interface Request {
  readonly id: RecoveryPointId
  readonly why: string
}

interface Intent extends Request {
  readonly groupId: VolumeGroupId
  readonly terms: PointTerms
}

/** Lifts a recovery point's lock. Why is part of the intent, which the journal keeps. */
export function unlockRecoveryPoint(parts: Parts): Definition<Transactor, Request, Intent, RecoveryPoint> {
  return {
    ...changesPoint(parts),
    kind: 'unlockRecoveryPoint',
    plan: async (tx, { id, why }) => {
      const point = await tx.recoveryPoint(id)
      if (point === undefined) throw notFound({ kind: 'recoveryPoint', id })
      if (point.lockedUntil === undefined) return { met: { result: point, subject: id } }
      const { groupId, expiresAt, labels } = point
      return { intent: { id, why, groupId, terms: { expiresAt, lockedUntil: undefined, labels } } }
    },
    supersedes: ['updateRecoveryPoint', 'unlockRecoveryPoint'],
  }
}
