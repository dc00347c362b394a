import type { RecoveryPointId } from '../ids.ts'
import { unitsOf } from './calendar.ts'
import { CALENDAR_UNITS, type Retention } from './types.ts'

/** What retention has to know of a recovery point. */
export interface RetainedPoint {
  readonly id: RecoveryPointId
  readonly createdAt: Date
  /** Made by a schedule: retention applies to it. */
  readonly scheduled: boolean
  /** A time of its own, which goes before retention. */
  readonly expiresAt: Date | undefined
  readonly lockedUntil: Date | undefined
  /** Something in the making or a replication stands on it. */
  readonly pinned: boolean
}

/**
 * The points of one group that are to be deleted now, oldest first; the order of `points` does not matter.
 * Never one that is locked or pinned; never so many that fewer than the minimum of scheduled points stay. A point
 * from the future (the clock was set back) stays, and takes no other's place. Without a retention, scheduled
 * points stay: a policy that was taken away deletes nothing.
 */
export function expiredPoints(
  points: readonly RetainedPoint[],
  retention: Retention | undefined,
  now: Date,
): RecoveryPointId[] {
  const present = points.filter(({ createdAt }) => createdAt <= now).sort(newestFirst)
  const scheduled = present.filter((point) => point.scheduled)
  const kept = retention === undefined ? new Set(scheduled) : keptBy(retention, scheduled)
  const isOver = (point: RetainedPoint): boolean =>
    point.expiresAt === undefined ? point.scheduled && !kept.has(point) : point.expiresAt <= now
  const over = present.filter((point) => isOver(point) && !isHeld(point, now)).reverse()
  const spare = Math.max(0, scheduled.length - (retention?.minimumKept ?? 0))
  const going = new Set(over.filter((point) => point.scheduled).slice(0, spare))
  return over.filter((point) => !point.scheduled || going.has(point)).map(({ id }) => id)
}

/** The newest points, and the newest of each unit of the calendar. `newestFirst` is in that order. */
function keptBy(retention: Retention, newestFirst: readonly RetainedPoint[]): ReadonlySet<RetainedPoint> {
  const kept = new Set(newestFirst.slice(0, retention.newest))
  const named = newestFirst.map((point) => ({ point, units: unitsOf(point.createdAt, retention.timeZone) }))
  for (const unit of CALENDAR_UNITS) {
    const seen = new Set<string>()
    for (const { point, units } of named) {
      if (seen.has(units[unit])) continue
      if (seen.size === retention[unit]) break
      seen.add(units[unit])
      kept.add(point)
    }
  }
  return kept
}

export const isHeld = ({ lockedUntil, pinned }: RetainedPoint, now: Date): boolean =>
  pinned || (lockedUntil !== undefined && lockedUntil > now)

export const newestFirst = (a: RetainedPoint, b: RetainedPoint): number =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1)
