import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RecoveryPointId, Retention } from '../../../src/volumegroups/index.ts'
import { expiredPoints, type RetainedPoint } from '../../../src/volumegroups/policies/retention.ts'

const NONE: Retention = {
  ...{ newest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
  timeZone: 'Europe/Berlin',
  minimumKept: 0,
}

const at = (iso: string, more: Partial<RetainedPoint> = {}): RetainedPoint => ({
  id: `rp-${iso}` as RecoveryPointId,
  createdAt: new Date(iso),
  scheduled: true,
  expiresAt: undefined,
  lockedUntil: undefined,
  pinned: false,
  ...more,
})

const NOW = new Date('2028-06-01T00:00:00Z')

const stay = (points: readonly RetainedPoint[], retention: Retention | undefined, now = NOW): string[] => {
  const gone = new Set(expiredPoints(points, retention, now))
  return points.filter(({ id }) => !gone.has(id)).map(({ id }) => id.slice(3))
}

describe('calendar roll-up', () => {
  test('keeps the newest point of each unit, and one point may serve several', () => {
    const times = ['2028-05-30T08:00Z', '2028-05-30T20:00Z', '2028-05-31T08:00Z', '2028-05-31T20:00Z']
    expect(
      stay(
        times.map((time) => at(time)),
        { ...NONE, daily: 2 },
      ),
    ).toEqual([times[1], times[3]])
    expect(
      stay(
        times.map((time) => at(time)),
        { ...NONE, daily: 2, monthly: 5 },
      ),
    ).toEqual([times[1], times[3]])
    expect(
      stay(
        times.map((time) => at(time)),
        { ...NONE, newest: 3 },
      ),
    ).toEqual(times.slice(1))
  })

  test('counts the units that have a point: after an outage the old ones stay', () => {
    const times = ['2026-01-01T12:00Z', '2027-03-01T12:00Z', '2028-05-31T12:00Z']
    expect(
      stay(
        times.map((time) => at(time)),
        { ...NONE, daily: 3 },
      ),
    ).toEqual(times)
  })

  test('knows both hours when clocks are set back, and leap days', () => {
    const october = ['2027-10-31T00:30Z', '2027-10-31T01:30Z']
    expect(
      stay(
        october.map((time) => at(time)),
        { ...NONE, hourly: 2 },
      ),
    ).toEqual(october)
    const february = ['2028-02-28T12:00Z', '2028-02-29T12:00Z', '2028-03-01T12:00Z']
    expect(
      stay(
        february.map((time) => at(time)),
        { ...NONE, daily: 3 },
      ),
    ).toEqual(february)
    expect(
      stay(
        february.map((time) => at(time)),
        { ...NONE, monthly: 2 },
      ),
    ).toEqual(february.slice(1))
  })
})

test('only scheduled points are subject to retention; a time of its own goes before it', () => {
  const points = [
    at('2028-01-01T00:00Z', { scheduled: false }),
    at('2028-01-02T00:00Z', { scheduled: false, expiresAt: NOW }),
    at('2028-01-03T00:00Z', { expiresAt: new Date(NOW.getTime() + 1) }),
    at('2028-01-04T00:00Z'),
    at('2028-01-05T00:00Z'),
  ]
  expect(stay(points, { ...NONE, newest: 1 })).toEqual([
    '2028-01-01T00:00Z',
    '2028-01-03T00:00Z',
    '2028-01-05T00:00Z',
  ])
})

test('a point from the future stays and takes no place', () => {
  const points = [at('2028-05-30T00:00Z'), at('2028-05-31T00:00Z'), at('2029-01-01T00:00Z')]
  expect(stay(points, { ...NONE, newest: 1 })).toEqual(['2028-05-31T00:00Z', '2029-01-01T00:00Z'])
})

const MANY = { numRuns: 1000 }
const DAY_MS = 24 * 3_600_000
const START_MS = Date.parse('2027-01-01T00:00:00Z')

const retentions: fc.Arbitrary<Retention> = fc.record({
  newest: fc.nat(4),
  hourly: fc.nat(6),
  daily: fc.nat(5),
  weekly: fc.nat(4),
  monthly: fc.nat(4),
  yearly: fc.nat(2),
  timeZone: fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Pacific/Apia',
  ),
  minimumKept: fc.nat(6),
})

const times = fc.integer({ min: 0, max: 600 * DAY_MS }).map((ms) => new Date(START_MS + ms))
const points: fc.Arbitrary<RetainedPoint[]> = fc
  .array(
    fc.record({
      createdAt: times,
      scheduled: fc.boolean(),
      expiresAt: fc.option(times, { nil: undefined }),
      lockedUntil: fc.option(times, { nil: undefined }),
      pinned: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((all) => all.map((point, index) => ({ ...point, id: `rp-${index}` as RecoveryPointId })))

describe('for all points and policies', () => {
  const cases = fc.record({ points, retention: retentions, now: times })

  test('what is locked or pinned stays, and so does what nothing says to delete', () => {
    fc.assert(
      fc.property(cases, ({ points, retention, now }) => {
        const gone = new Set(expiredPoints(points, retention, now))
        for (const { id, pinned, lockedUntil, scheduled, expiresAt } of points.filter(({ id }) =>
          gone.has(id),
        )) {
          expect({ id, pinned }).toEqual({ id, pinned: false })
          expect(lockedUntil === undefined || lockedUntil <= now).toBe(true)
          expect(expiresAt === undefined ? scheduled : expiresAt <= now).toBe(true)
        }
      }),
      MANY,
    )
  })

  test('the minimum of scheduled points stays', () => {
    fc.assert(
      fc.property(cases, ({ points, retention, now }) => {
        const scheduled = points.filter((point) => point.scheduled && point.createdAt <= now)
        const gone = new Set(expiredPoints(points, retention, now))
        const left = scheduled.filter(({ id }) => !gone.has(id)).length
        expect(left).toBeGreaterThanOrEqual(Math.min(scheduled.length, retention.minimumKept))
      }),
      MANY,
    )
  })

  test('the answer is the same in any order, and final', () => {
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.nat()), ({ points, retention, now }, random) => {
        const gone = expiredPoints(points, retention, now)
        const shuffled = points
          .map((point) => ({ point, place: random.next().value as number }))
          .sort((a, b) => a.place - b.place)
          .map(({ point }) => point)
        expect(expiredPoints(shuffled, retention, now)).toEqual(gone)
        const left = points.filter(({ id }) => !gone.includes(id))
        expect(expiredPoints(left, retention, now)).toEqual([])
      }),
      MANY,
    )
  })

  test('deleting after each point leaves what deleting once at the end leaves', () => {
    const plain = fc
      .uniqueArray(fc.integer({ min: 0, max: 600 * 24 }), { maxLength: 40 })
      .map((hours) => hours.sort((a, b) => a - b))
    fc.assert(
      fc.property(plain, retentions, (hours, retention) => {
        const all = hours.map((hour) => at(new Date(START_MS + hour * 3_600_000 + 1).toISOString()))
        let kept: RetainedPoint[] = []
        for (const point of all) {
          kept = [...kept, point]
          const gone = new Set(expiredPoints(kept, retention, point.createdAt))
          kept = kept.filter(({ id }) => !gone.has(id))
        }
        const end = new Date(START_MS + 601 * DAY_MS)
        expect(kept.map(({ id }) => id.slice(3))).toEqual(stay(all, retention, end))
      }),
      MANY,
    )
  })

  test('without a policy scheduled points stay', () => {
    fc.assert(
      fc.property(points, times, (points, now) => {
        const gone = new Set(expiredPoints(points, undefined, now))
        expect(points.filter((point) => point.expiresAt === undefined && gone.has(point.id))).toEqual([])
      }),
      MANY,
    )
  })
})
