import { describe, expect, test } from 'vitest'
import { type PoolMarks, poolState } from '../../../src/volumegroups/rules/pool-state.ts'
import type { PoolState } from '../../../src/volumegroups/types.ts'

const MIB = 1024n ** 2n
const TOTAL = 1000n * MIB
const MARKS: PoolMarks = { overcommit: 2, warnAt: 0.8, stopAt: 0.9, reserveBytes: 20n * MIB }

const stateWith = (freeMiB: number, before?: PoolState, marks = MARKS): PoolState =>
  poolState({ totalBytes: TOTAL, availableBytes: BigInt(freeMiB) * MIB }, marks, before)

test('each mark begins where it says', () => {
  const begins = [
    ...[[201, 'ok'] as const, [200, 'warning'] as const, [101, 'warning'] as const],
    ...[[100, 'stopped'] as const, [21, 'stopped'] as const, [20, 'paused'] as const, [0, 'paused'] as const],
  ]
  for (const [freeMiB, state] of begins) expect([freeMiB, stateWith(freeMiB)]).toEqual([freeMiB, state])
})

test('a state is left only when a hundredth of the pool is free beyond its mark', () => {
  expect(stateWith(209, 'warning')).toBe('warning')
  expect(stateWith(211, 'warning')).toBe('ok')
  expect(stateWith(109, 'stopped')).toBe('stopped')
  expect(stateWith(111, 'stopped')).toBe('warning')
  expect(stateWith(209, 'stopped')).toBe('warning')
  expect(stateWith(300, 'paused')).toBe('ok')
})

test('initiators go on when twice the reserve is left', () => {
  expect(stateWith(39, 'paused')).toBe('paused')
  expect(stateWith(40, 'paused')).toBe('stopped')
})

describe('the reserve', () => {
  test('is at most half of what the stop mark leaves, so that a paused pool can always be resumed below it', () => {
    const marks = { ...MARKS, reserveBytes: 1024n * 1024n * MIB }
    expect(stateWith(51, 'ok', marks)).toBe('stopped')
    expect(stateWith(50, 'ok', marks)).toBe('paused')
    expect(stateWith(99, 'paused', marks)).toBe('paused')
    expect(stateWith(100, 'paused', marks)).toBe('stopped')
  })

  test('can be nothing: then initiators wait only when nothing is left', () => {
    const marks = { ...MARKS, reserveBytes: 0n }
    expect(stateWith(1, 'stopped', marks)).toBe('stopped')
    expect(stateWith(0, 'stopped', marks)).toBe('paused')
  })
})
