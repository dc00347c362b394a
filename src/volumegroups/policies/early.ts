import type { PolicyId, RecoveryPointId } from '../ids.ts'
import { isHeld, newestFirst, type RetainedPoint } from './retention.ts'
import type { SnapshotPolicy } from './types.ts'

export interface EarlyPoint {
  readonly id: RecoveryPointId
  readonly createdAt: Date
  /** The policy that allows it. */
  readonly policyId: PolicyId
}

/**
 * The scheduled points of one group that may be deleted before their time when the pool is full, oldest first. Never
 * the newest, one that is locked or pinned, or one that was given a time of its own; never so many that fewer than the
 * minimum stay.
 */
export function earlyPoints(
  points: readonly RetainedPoint[],
  { id: policyId, expireEarly, retention }: Pick<SnapshotPolicy, 'id' | 'expireEarly' | 'retention'>,
  now: Date,
): EarlyPoint[] {
  if (!expireEarly) return []
  const scheduled = points.filter((point) => point.scheduled && point.createdAt <= now).sort(newestFirst)
  const free = scheduled.slice(1).filter((point) => !isHeld(point, now) && point.expiresAt === undefined)
  const spare = Math.max(0, scheduled.length - Math.max(1, retention.minimumKept))
  return free
    .reverse()
    .slice(0, spare)
    .map(({ id, createdAt }) => ({ id, createdAt, policyId }))
}
