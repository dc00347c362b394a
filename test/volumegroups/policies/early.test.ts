import { expect, test } from 'vitest'
import { type PolicyId, recoveryPointIds } from '../../../src/volumegroups/index.ts'
import { earlyPoints } from '../../../src/volumegroups/policies/early.ts'
import type { RetainedPoint } from '../../../src/volumegroups/policies/retention.ts'

const NOW = new Date('2026-05-01T12:00:00Z')
const later = new Date(NOW.getTime() + 1)
const RETENTION = { newest: 9, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, timeZone: 'UTC' }

const policy = (minimumKept: number, expireEarly = true) => ({
  id: 'policy' as PolicyId,
  expireEarly,
  retention: { ...RETENTION, minimumKept },
})

/** The first is the newest, each other one an hour older. */
const points = (...changes: Partial<RetainedPoint>[]): RetainedPoint[] =>
  changes.map((change, index) => ({
    id: recoveryPointIds.create(),
    createdAt: new Date(NOW.getTime() - index * 3_600_000),
    ...{ scheduled: true, expiresAt: undefined, lockedUntil: undefined, pinned: false },
    ...change,
  }))

const early = (all: readonly RetainedPoint[], minimumKept = 0) => {
  const shuffled = all.toReversed()
  return earlyPoints(shuffled, policy(minimumKept), NOW).map(({ id }) =>
    all.findIndex((one) => one.id === id),
  )
}

test('all but the newest may go, oldest first', () => {
  expect(early(points({}, {}, {}, {}))).toEqual([3, 2, 1])
  expect(early(points({}))).toEqual([])
  expect(early([])).toEqual([])
})

test('the minimum stays', () => {
  expect(early(points({}, {}, {}, {}), 3)).toEqual([3])
  expect(early(points({}, {}, {}, {}), 4)).toEqual([])
  expect(early(points({}, {}, {}, {}), 9)).toEqual([])
})

test('what is locked, pinned, not scheduled, or has a time of its own stays', () => {
  const all = points(
    {},
    {},
    { lockedUntil: later },
    { pinned: true },
    { scheduled: false },
    { expiresAt: later },
  )
  expect(early(all)).toEqual([1])
  expect(early(points({}, { lockedUntil: NOW }))).toEqual([1])
})

test('those that stay for another reason count to the minimum', () => {
  expect(early(points({}, {}, {}, { lockedUntil: later }), 2)).toEqual([2, 1])
})

test('a point from the future is left alone and counts for nothing', () => {
  expect(early(points({ createdAt: later }, {}, {}))).toEqual([2])
})

test('a policy that does not allow it lets nothing go', () => {
  expect(earlyPoints(points({}, {}, {}), policy(0, false), NOW)).toEqual([])
})
