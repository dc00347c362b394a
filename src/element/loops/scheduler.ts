import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { KeyedPool } from '../../lib/keyed-pool.ts'
import type { Database, SchedulePlan } from '../../volumegroups/index.ts'
import type { PlanContext } from '../../volumegroups/policies/plans.ts'
import { replan } from './plan-keeper.ts'
import { createPointMaker } from './point-maker.ts'
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
  readonly concurrency?: number
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
  const { everyMs = 5_000, concurrency = 2, limitMs = 120_000 } = options
  const stop = new AbortController()
  const pool = new KeyedPool(concurrency)
  const signal = () => AbortSignal.any([stop.signal, AbortSignal.timeout(limitMs)])
  const reaper = createReaper({ reader: database.reader, groups: options.groups, log, now, signal })
  let lookedAt: Date | undefined
  const context = (): PlanContext => {
    const at = now()
    return { now: at, newSuffix, isClockSuspect: lookedAt === undefined || at < lookedAt }
  }
  const maker = createPointMaker({ ...options, log, context, signal, stop: stop.signal })

  const look = async (): Promise<void> => {
    const looking = context()
    const { due, changed } = await replan(database, looking)
    lookedAt = looking.now
    for (const plan of due) pool.offer(plan.groupId, () => serve(plan))
    const over = await database.reader.groupsWithExpired(now())
    for (const id of [...changed, ...over]) pool.offer(id, () => reaper.reap(id))
  }
  /** With the new point, the ones that it takes the place of go. */
  const serve = async (plan: SchedulePlan): Promise<void> => {
    await maker.make(plan)
    if (!stop.signal.aborted) await reaper.reap(plan.groupId)
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
