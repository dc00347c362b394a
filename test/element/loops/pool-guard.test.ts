import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createPoolGuard } from '../../../src/element/loops/pool-guard.ts'
import type { PoolCapacity, PoolState } from '../../../src/volumegroups/index.ts'

/** A guard over a pool whose state the test sets; what it logs and has freed is remembered. */
function guarded(options: { readonly quickMs?: number; readonly slowMs?: number } = { quickMs: Infinity }) {
  const pool = { state: 'ok' as PoolState, looks: 0, failing: false }
  const lines: { level: number; msg: string; state?: string; before?: string }[] = []
  const relieved: PoolState[] = []
  const log = pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) })
  const capacity = {
    totalBytes: 1n,
    usedBytes: 1n,
    availableBytes: 0n,
    promisedBytes: 2n,
    maximumDiskBytes: 0n,
  }
  const guard = createPoolGuard({
    groups: {
      lookAtPool: async (): Promise<PoolCapacity> => {
        pool.looks += 1
        if (pool.failing) throw new Error('no pool')
        return { ...capacity, state: pool.state }
      },
    },
    relief: {
      relieve: async (state) => {
        relieved.push(state)
      },
    },
    log,
    ...options,
  })
  onTestFinished(() => guard[Symbol.asyncDispose]())
  return { guard, pool, lines, relieved }
}

test('each crossing of a mark is one line: a warning upwards, news downwards', async () => {
  const { guard, pool, lines } = guarded()
  const states: PoolState[] = [
    'ok',
    'warning',
    'warning',
    'stopped',
    'paused',
    'paused',
    'warning',
    'ok',
    'ok',
  ]
  for (const state of states) {
    pool.state = state
    await guard.tick()
  }
  expect(lines.map(({ level, before, state }) => [level, before, state])).toEqual([
    [40, 'ok', 'warning'],
    [40, 'warning', 'stopped'],
    [40, 'stopped', 'paused'],
    [30, 'paused', 'warning'],
    [30, 'warning', 'ok'],
  ])
  expect(lines[0]).toMatchObject({ totalBytes: '1', usedBytes: '1', promisedBytes: '2' })
})

test('it looks often from the warning mark on, and now and then below it', async () => {
  const { pool } = guarded({ quickMs: 1, slowMs: 3_600_000 })
  await expect.poll(() => pool.looks).toBe(1)
  const { pool: nearlyFull } = guarded({ quickMs: 1, slowMs: 1 })
  nearlyFull.state = 'warning'
  await expect.poll(() => nearlyFull.looks, { timeout: 10_000 }).toBeGreaterThan(20)
  expect(pool.looks).toBe(1)
})

test('a look that fails is told and tried again', async () => {
  const { pool, lines } = guarded({ quickMs: 1, slowMs: 1 })
  pool.failing = true
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBeGreaterThan(2)
  expect(lines[0]).toMatchObject({ level: 40, err: { message: 'no pool' } })
})

test('relief is told the state at each look', async () => {
  const { guard, pool, relieved } = guarded()
  await guard.tick()
  pool.state = 'paused'
  await guard.tick()
  expect(relieved).toEqual(['ok', 'paused'])
})
