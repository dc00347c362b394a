import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MAX_SPREAD_MS,
  type Schedule,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import { dueTime, nextDue } from '../../../src/volumegroups/policies/schedule.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const GROUP = 'vg-11111111-1111-4111-8111-111111111111' as VolumeGroupId
const NOON = new Date('2027-06-01T12:00:00Z')

const cron = (expression: string, timeZone = 'Europe/Berlin'): Schedule => ({
  kind: 'cron',
  cron: expression,
  timeZone,
})
const every = (everyMs: number): Schedule => ({ kind: 'interval', everyMs })

/** The due times after `after`, and before `until`. */
function timesBetween(schedule: Schedule, after: Date, until: Date, group = GROUP): Date[] {
  const times: Date[] = []
  for (let due = nextDue([schedule], group, after); due < until; due = nextDue([schedule], group, due)) {
    times.push(due)
  }
  return times
}

const groups = fc.uuid({ version: 4 }).map((uuid) => volumeGroupIds.create(uuid))
const moments = fc.integer({ min: 0, max: 800 * DAY_MS }).map((ms) => new Date(NOON.getTime() + ms))
const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.integer({ min: MINUTE_MS, max: 40 * DAY_MS }).map(every),
  fc
    .tuple(
      fc.constantFrom(
        '* * * * *',
        '*/7 * * * *',
        '0 * * * *',
        '30 2 * * *',
        '0 3 * * SUN',
        '0 0 1 * *',
        '0 0 29 2 *',
      ),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'),
    )
    .map(([expression, timeZone]) => cron(expression, timeZone)),
)

describe('the next due time', () => {
  test('comes later, is the same whenever it is asked for, and none is passed over', () => {
    fc.assert(
      fc.property(schedules, groups, moments, (schedule, group, after) => {
        const due = nextDue([schedule], group, after)
        expect(due.getTime()).toBeGreaterThan(after.getTime())
        const between = new Date(after.getTime() + Math.floor((due.getTime() - after.getTime()) / 2))
        expect(nextDue([schedule], group, between)).toEqual(due)
        expect(nextDue([schedule], group, new Date(due.getTime() - 1))).toEqual(due)
      }),
    )
  })

  test('is that of the schedule that comes first', () => {
    const [hourly, daily] = [every(HOUR_MS), cron('0 2 * * *')]
    const due = nextDue([daily, hourly], GROUP, NOON)
    expect(due).toEqual(nextDue([hourly], GROUP, NOON))
  })

  test('of an interval comes evenly', () => {
    const times = timesBetween(every(6 * HOUR_MS), NOON, new Date(NOON.getTime() + 30 * DAY_MS))
    expect(times).toHaveLength(120)
    const gaps = times.slice(1).map((time, index) => time.getTime() - (times[index] as Date).getTime())
    expect(new Set(gaps)).toEqual(new Set([6 * HOUR_MS]))
  })

  test('of a cron expression is no earlier than it says, and late by the spread at most', () => {
    fc.assert(
      fc.property(groups, (group) => {
        const due = nextDue([cron('0 2 * * *')], group, NOON)
        const lateMs = due.getTime() - Date.parse('2027-06-02T00:00:00Z')
        expect(lateMs).toBeGreaterThanOrEqual(0)
        expect(lateMs).toBeLessThan(MAX_SPREAD_MS)
      }),
    )
  })

  test('differs between groups, so that not everything is due at once', () => {
    const dueMinutes = Array.from({ length: 1000 }, () => {
      const due = nextDue([cron('0 2 * * *')], volumeGroupIds.create(), NOON)
      return Math.floor(due.getTime() / MINUTE_MS)
    })
    const crowd = Math.max(
      ...Map.groupBy(dueMinutes, (minute) => minute)
        .values()
        .map(({ length }) => length),
    )
    expect(new Set(dueMinutes).size).toBe(15)
    expect(crowd).toBeLessThan(130)
  })
})

describe('a day with a change of the clocks', () => {
  const year = (expression: string) =>
    timesBetween(cron(expression), new Date('2027-12-31T23:00:00Z'), new Date('2028-12-31T23:00:00Z'))

  test('has its daily point once, also when the hour is missing or comes twice', () => {
    const times = year('30 2 * * *')
    const days = times.map((time) => time.toLocaleDateString('sv', { timeZone: 'Europe/Berlin' }))
    expect(times).toHaveLength(366)
    expect(new Set(days).size).toBe(366)
  })

  test('has 23 or 25 hourly points', () => {
    const times = year('0 * * * *')
    const days = Map.groupBy(times, (time) => time.toLocaleDateString('sv', { timeZone: 'Europe/Berlin' }))
    expect(days.get('2028-03-26')).toHaveLength(23)
    expect(days.get('2028-10-29')).toHaveLength(25)
    expect(times).toHaveLength(366 * 24)
  })
})

describe('a planned time', () => {
  const plan = (plannedAt: Date | undefined, now: Date) =>
    dueTime(plannedAt, [every(HOUR_MS)], { group: GROUP, now })
  const first = plan(undefined, NOON)

  test('stays until it has come', () => {
    expect(plan(first, new Date(first.getTime() - 1))).toEqual(first)
  })

  test('stays after a downtime, or a clock set forward: one point makes up for all', () => {
    const late = new Date(first.getTime() + 90 * DAY_MS)
    expect(plan(first, late)).toEqual(first)
    expect(plan(undefined, late).getTime()).toBeGreaterThan(late.getTime())
  })

  test('is drawn nearer when the clock is set back', () => {
    const now = new Date(NOON.getTime() - 30 * DAY_MS)
    const due = plan(first, now)
    expect(due.getTime() - now.getTime()).toBeLessThanOrEqual(HOUR_MS)
  })
})
