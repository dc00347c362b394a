import type { PolicyId, VolumeGroupId } from '../ids.ts'
import { dueTime, nextDue } from './schedule.ts'
import type { SnapshotPolicy } from './types.ts'

/** What the scheduler does for a group next: a row for each group that has disks and a snapshot policy. */
export interface SchedulePlan {
  readonly groupId: VolumeGroupId
  /** The policy, as it was when this was planned. */
  readonly policyId: PolicyId
  readonly policyGeneration: number
  readonly dueAt: Date
  /** Chosen with the due time, so that a repeated attempt finds what the one before has made. */
  readonly pointName: string
  /** Not tried before; later than due after a failure. */
  readonly tryAt: Date
  readonly failures: number
  readonly failure: PlanFailure | undefined
  readonly lastPointAt: Date | undefined
}

/** Why the last attempt made no point. */
export interface PlanFailure {
  readonly reason: string
  readonly message: string
}

/** A schedule as anybody may see it. */
export interface ScheduleState {
  readonly groupId: VolumeGroupId
  /** Left out: no snapshot policy applies, or the group has no disks. */
  readonly policyId: PolicyId | undefined
  readonly dueAt: Date | undefined
  readonly lastPointAt: Date | undefined
  /** A point was due and is not made: since when the policy's promise is broken, and why. */
  readonly missed: (PlanFailure & { readonly since: Date }) | undefined
}

/** Groups of which a point is due and not made, for one reason. */
export interface MissedSchedules {
  readonly reason: string
  readonly count: number
  /** Since when the oldest is. */
  readonly since: Date
}

export interface PlanContext {
  readonly now: Date
  /** A few random letters. */
  readonly newSuffix: () => string
  /** The clock was set back since plans were last looked at, or may have been: no plan is taken on trust. */
  readonly isClockSuspect: boolean
}

const FIRST_RETRY_MS = 15_000
const MAX_RETRY_MS = 10 * 60_000
/** A due point may wait for its turn for so long before it counts as missed. */
const OVERDUE_AFTER_MS = 2 * 60_000
/** Why, of a point that was not tried yet. */
export const OVERDUE = 'POINT_OVERDUE'

/** Missed is what failed, and what was due before this. */
export const overdueBefore = (now: Date): Date => new Date(now.getTime() - OVERDUE_AFTER_MS)

/** The plan as it should be: the same object if it is that already. */
export function planFor(
  group: VolumeGroupId,
  known: SchedulePlan | undefined,
  policy: SnapshotPolicy,
  context: PlanContext,
): SchedulePlan {
  const { now } = context
  const holds = known?.policyId === policy.id && known.policyGeneration === policy.generation
  if (holds && !context.isClockSuspect) return known
  const dueAt = dueTime(holds ? known.dueAt : undefined, policy.schedules, { group, now })
  if (holds && dueAt.getTime() === known.dueAt.getTime()) {
    const isFar = known.tryAt.getTime() - Math.max(now.getTime(), dueAt.getTime()) > MAX_RETRY_MS
    return isFar ? { ...known, tryAt: dueAt } : known // the clock was set back during a retry's pause
  }
  return newPlan(group, policy, { dueAt, lastPointAt: known?.lastPointAt, context })
}

/** One point makes up for all that were due by now. */
export const planAfterPoint = (
  { groupId }: SchedulePlan,
  policy: SnapshotPolicy,
  context: PlanContext,
): SchedulePlan => {
  const dueAt = nextDue(policy.schedules, groupId, context.now)
  return newPlan(groupId, policy, { dueAt, lastPointAt: context.now, context })
}

/** The same point is tried again, after a pause that grows. */
export function planAfterFailure(plan: SchedulePlan, failure: PlanFailure, now: Date): SchedulePlan {
  const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(plan.failures, 16), MAX_RETRY_MS)
  const tryAt = new Date(now.getTime() + pauseMs)
  return { ...plan, tryAt, failure, failures: plan.failures + 1 }
}

function newPlan(
  groupId: VolumeGroupId,
  policy: SnapshotPolicy,
  { dueAt, lastPointAt, context }: Pick<SchedulePlan, 'dueAt' | 'lastPointAt'> & { context: PlanContext },
): SchedulePlan {
  return {
    ...{ groupId, policyId: policy.id, policyGeneration: policy.generation, dueAt, lastPointAt },
    ...{ tryAt: dueAt, failures: 0, failure: undefined },
    pointName: `schedule-${dueAt.toISOString()}-${context.newSuffix()}`,
  }
}

/** `plan` is left out for a group that has none. */
export function scheduleState(
  groupId: VolumeGroupId,
  plan: SchedulePlan | undefined,
  now: Date,
): ScheduleState {
  const { policyId, dueAt, lastPointAt } = plan ?? {}
  return { groupId, policyId, dueAt, lastPointAt, missed: plan && missedBy(plan, now) }
}

function missedBy({ dueAt, failure }: SchedulePlan, now: Date): ScheduleState['missed'] {
  if (failure) return { since: dueAt, ...failure }
  if (dueAt >= overdueBefore(now)) return undefined
  const message = `the recovery point that was due at ${dueAt.toISOString()} waits for its turn`
  return { since: dueAt, reason: OVERDUE, message }
}
