import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { KeyedPool } from '../../lib/keyed-pool.ts'
import {
  asStorageError,
  type Database,
  type Reader,
  type SchedulePlan,
  type SnapshotPolicy,
  type Transactor,
  type VolumeGroupId,
} from '../../volumegroups/index.ts'
import {
  effectivePolicies,
  type PolicyBook,
  policyBook,
  targetsOf,
} from '../../volumegroups/policies/effective.ts'
import {
  type PlanContext,
  planAfterFailure,
  planAfterPoint,
  planFor,
} from '../../volumegroups/policies/plans.ts'
import { createReaper, type PointKeeper } from './reaper.ts'

export interface SchedulerOptions {
  readonly database: Database
  readonly groups: PointKeeper
  readonly log: Logger
  readonly now?: () => Date
  readonly newSuffix?: () => string
  /** How often it looks. Default 5 s. */
  readonly everyMs?: number
  /** How many groups it works on at once, since they share one pool. Default 2. */
  readonly width?: number
  /** How long it waits for one point to be made or deleted; the operation goes on. Default 120 s. */
  readonly limitMs?: number
}

/** Disposing of it stops it; operations under way go on in the journal. */
export interface Scheduler extends AsyncDisposable {
  /** Looks once, as it does by itself, and waits until all that was due is done. */
  tick(): Promise<void>
}

const randomSuffix = (): string => crypto.randomUUID().slice(0, 8)

/**
 * Makes the recovery points that policies want, and expires the ones that they no longer keep. What is due stands in
 * the database; a look at which nothing is due, and no policy has changed, writes nothing.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { database, log, now = () => new Date(), newSuffix = randomSuffix } = options
  const { everyMs = 5_000, width = 2, limitMs = 120_000 } = options
  const stop = new AbortController()
  const pool = new KeyedPool(width)
  const signal = () => AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)])
  const reaper = createReaper({ reader: database.reader, groups: options.groups, log, now, signal })
  const context = (): PlanContext => ({ now: now(), newSuffix })

  const look = async (): Promise<void> => {
    const { due, changed } = await replan(database, context())
    for (const plan of due) pool.offer(plan.groupId, () => serve(plan))
    const over = await database.reader.groupsWithExpired(now())
    for (const id of [...changed, ...over]) pool.offer(id, () => reaper.reap(id))
  }
  /** Makes the point that is due, and lets go of those that it takes the place of. */
  const serve = async (plan: SchedulePlan): Promise<void> => {
    try {
      await takePoint(plan)
    } catch (error) {
      await settle(plan, error)
    }
    await reaper.reap(plan.groupId)
  }
  const takePoint = async (plan: SchedulePlan): Promise<void> => {
    const policy = await policyOf(database.reader, plan.groupId)
    if (policy?.id !== plan.policyId) return // the next look plans anew
    const { lockMs } = policy
    const lockedUntil = lockMs > 0 ? new Date(now().getTime() + lockMs) : undefined
    const spec = { groupId: plan.groupId, name: plan.pointName, lockedUntil }
    await options.groups.createScheduledPoint(spec, { signal: signal() })
    await rewrite(database, plan, planAfterPoint(plan, policy, context()))
  }
  const settle = async (plan: SchedulePlan, error: unknown): Promise<void> => {
    if (stop.signal.aborted) return
    const { reason, message } = asStorageError(error)
    const { groupId, dueAt } = plan
    log.warn({ groupId, dueAt, reason, err: error }, 'a recovery point that is due was not made')
    const failed = planAfterFailure(plan, { reason, message }, now())
    await rewrite(database, plan, failed).catch((err) => log.warn({ groupId, err }, 'the plan was not kept'))
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await look().catch((err) => log.warn({ err }, 'the schedules could not be looked at'))
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = everyMs === Infinity ? undefined : run()
  return {
    tick: async () => {
      await look()
      await pool.idle()
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
      await pool.stop()
    },
  }
}

interface Replanned {
  /** In the order in which they were due. */
  readonly due: readonly SchedulePlan[]
  /** Whose policy is another than before. */
  readonly changed: readonly VolumeGroupId[]
}

/** Brings all plans to what policies say now; in one transaction, if there is anything to bring. */
async function replan(database: Database, context: PlanContext): Promise<Replanned> {
  const seen = await plansAt(database.reader, context)
  const isSame = seen.every(({ known, wanted }) => known === wanted)
  const all = isSame ? seen : await database.transact((tx) => keepPlans(tx, context))
  const due = all.flatMap(({ wanted }) => (wanted && wanted.tryAt <= context.now ? [wanted] : []))
  const changed = all.filter(({ known, wanted }) => known && wanted && !isOfSamePolicy(known, wanted))
  return {
    due: due.sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime()),
    changed: changed.map(({ id }) => id),
  }
}

async function keepPlans(tx: Transactor, context: PlanContext): Promise<Planned[]> {
  const plans = await plansAt(tx, context)
  for (const { id, known, wanted } of plans) {
    if (wanted === undefined) await tx.deletePlan(id)
    else if (wanted !== known) await tx.putPlan(wanted)
  }
  return plans
}

const isOfSamePolicy = (a: SchedulePlan, b: SchedulePlan): boolean =>
  a.policyId === b.policyId && a.policyGeneration === b.policyGeneration

interface Planned {
  readonly id: VolumeGroupId
  readonly known: SchedulePlan | undefined
  readonly wanted: SchedulePlan | undefined
}

async function plansAt(reader: Reader, context: PlanContext): Promise<Planned[]> {
  const book = policyBook(await reader.policySettings())
  return (await reader.schedulables()).map(({ group, hasDisks, plan: known }) => {
    const policy = hasDisks ? snapshotPolicyOf(group, book) : undefined
    return { id: group.id, known, wanted: policy && planFor(group.id, known, policy, context) }
  })
}

const snapshotPolicyOf = (
  group: Parameters<typeof effectivePolicies>[0],
  book: PolicyBook,
): SnapshotPolicy | undefined => effectivePolicies(group, book).snapshot.policy

async function policyOf(reader: Reader, id: VolumeGroupId): Promise<SnapshotPolicy | undefined> {
  const group = await reader.group(id)
  return group && snapshotPolicyOf(group, policyBook(await reader.policySettings(targetsOf(group))))
}

/** Unless somebody has planned anew, or the group is gone. */
async function rewrite(database: Database, from: SchedulePlan, to: SchedulePlan): Promise<void> {
  await database.transact(async (tx) => {
    const known = await tx.plan(from.groupId)
    if (known?.pointName === from.pointName) await tx.putPlan(to)
  })
}
