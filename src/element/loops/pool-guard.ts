import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { PoolCapacity, PoolState } from '../../volumegroups/index.ts'
import type { VolumeGroupsService } from '../../volumegroups/service.ts'
import type { PoolRelief } from './pool-relief.ts'

export interface PoolGuardOptions {
  readonly groups: Pick<VolumeGroupsService, 'lookAtPool'>
  readonly relief: PoolRelief
  readonly log: Logger
  /** How often it looks from the warning mark on. Default 100 ms. */
  readonly quickMs?: number
  /** How often it looks below that mark. Default 1 s. */
  readonly slowMs?: number
}

/** Disposing of it stops it. */
export interface PoolGuard extends AsyncDisposable {
  /** Looks once, as it does by itself, and waits for the relief that this begins. */
  tick(): Promise<void>
}

const QUICK_MS = 100
const SLOW_MS = 1_000

/**
 * Keeps the pool from running full under the initiators: each look pauses the target or resumes it. Says so in the
 * log when a mark is crossed, and has space freed above the stop mark. Where nothing is wrong it only reads.
 */
export function createPoolGuard(options: PoolGuardOptions): PoolGuard {
  const { groups, relief, log, quickMs = QUICK_MS, slowMs = SLOW_MS } = options
  const stop = new AbortController()
  let state: PoolState = 'ok'
  let relieving: Promise<void> | undefined

  const look = async (): Promise<void> => {
    const seen = await groups.lookAtPool()
    if (seen.state !== state) tellCrossing(log, state, seen)
    state = seen.state
    relieving ??= relief.relieve(state, stop.signal).finally(() => {
      relieving = undefined
    })
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const isSeen = await look().then(
        () => true,
        (err) => log.warn({ err }, 'the pool could not be looked at, or the target not paused or resumed'),
      )
      const everyMs = isSeen && state !== 'ok' ? quickMs : slowMs
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = quickMs === Infinity ? undefined : run()
  return {
    tick: async () => {
      await look()
      await relieving
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
      await relieving
    },
  }
}

const RANK: Readonly<Record<PoolState, number>> = { ok: 0, warning: 1, stopped: 2, paused: 3 }

const REACHED: Readonly<Record<PoolState, string>> = {
  ok: 'the pool is below its marks again',
  warning: 'the pool is above its warning mark',
  stopped: 'the pool is above its stop mark: no disk is made or grown',
  paused: 'next to nothing is left in the pool: initiators wait',
}

function tellCrossing(log: Logger, before: PoolState, seen: PoolCapacity): void {
  const { state, totalBytes, usedBytes, promisedBytes } = seen
  const figures = { state, before, totalBytes, usedBytes, promisedBytes }
  const level = RANK[state] > RANK[before] ? 'warn' : 'info'
  log[level](inDigits(figures), REACHED[state])
}

/** JSON has no numbers of this size. */
const inDigits = (figures: Readonly<Record<string, bigint | string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)]))
