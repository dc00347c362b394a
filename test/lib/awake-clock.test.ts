import { expect, test } from 'vitest'
import { AwakeClock } from '../../src/lib/awake-clock.ts'

test('it counts what passes while it is looked at, and of a standstill two ticks at most', () => {
  let nowMs = 1000
  using clock = new AwakeClock(500, () => nowMs)
  const after = (ms: number): number => {
    nowMs += ms
    return clock.elapsedMs()
  }
  expect(after(0)).toBe(0)
  expect(after(300)).toBe(300)
  expect(after(900)).toBe(1200)
  expect(after(3_600_000)).toBe(2200)
  expect(after(100)).toBe(2300)
})
