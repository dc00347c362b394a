import type { Logger } from 'pino'
import { asStorageError, type Database, type SchedulePlan } from '../../volumegroups/index.ts'
import { type PlanContext, planAfterFailure, planAfterPoint } from '../../volumegroups/policies/plans.ts'
import { policyOf, rewrite } from './plan-keeper.ts'
import type { PointKeeper } from './reaper.ts'

export interface PointMakerParts {
  readonly database: Database
  readonly groups: PointKeeper
  readonly log: Logger
  readonly context: () => PlanContext
  /** For one point. */
  readonly signal: () => AbortSignal
  readonly stop: AbortSignal
}

/** Makes points that are due. Never throws: what goes wrong stands in the plan, and it is tried again. */
export interface PointMaker {
  make(plan: SchedulePlan): Promise<void>
}

export function createPointMaker(parts: PointMakerParts): PointMaker {
  const { database, groups, log, context, stop } = parts
  const take = async (plan: SchedulePlan): Promise<void> => {
    const policy = await policyOf(database.reader, plan.groupId)
    if (policy?.id !== plan.policyId) return // the next look plans anew
    const { lockMs } = policy
    const lockedUntil = lockMs > 0 ? new Date(context().now.getTime() + lockMs) : undefined
    const spec = { groupId: plan.groupId, name: plan.pointName, lockedUntil }
    await groups.createScheduledPoint(spec, { signal: parts.signal() })
    await rewrite(database, plan, planAfterPoint(plan, policy, context()))
  }
  const noteFailure = async (plan: SchedulePlan, error: unknown): Promise<void> => {
    const { reason, message } = asStorageError(error)
    const { groupId, dueAt } = plan
    log.warn({ groupId, dueAt, reason, err: error }, 'a recovery point that is due was not made')
    const failed = planAfterFailure(plan, { reason, message }, context().now)
    await rewrite(database, plan, failed).catch((err) => log.warn({ groupId, err }, 'the plan was not kept'))
  }
  return {
    make: async (plan) => {
      try {
        await take(plan)
      } catch (error) {
        if (!stop.aborted) await noteFailure(plan, error)
      }
    },
  }
}
