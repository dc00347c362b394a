import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  MAX_SPREAD_MS,
  type RecoveryPointId,
  type Retention,
  type Schedule,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'
import { expiredPoints, type RetainedPoint } from '../../src/volumegroups/policies/retention.ts'
import { dueTime, nextDue } from '../../src/volumegroups/policies/schedule.ts'

/**
 * A year of schedules and retention, as the scheduler lives it: each point when it is due, late ones after an
 * outage, deletion after each. Beside it, what the policy promises, worked out in another way: all the points that
 * the year should bring, and of these, by the calendar of the place, the ones that should be left.
 */
export interface YearOfGroup {
  readonly made: readonly Date[]
  readonly left: readonly Date[]
  readonly promised: readonly Date[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START = new Date('2027-11-17T10:00:00Z')
/** Holds a leap day, both changes of the clocks and a turn of the year. */
const END = new Date('2028-11-17T10:00:00Z')

interface Case {
  readonly schedules: readonly Schedule[]
  readonly retention: Retention
}

const cron = (expression: string, timeZone: string): Schedule => ({
  kind: 'cron',
  cron: expression,
  timeZone,
})
const every = (everyMs: number): Schedule => ({ kind: 'interval', everyMs })
const keep = (timeZone: string, some: Partial<Retention>): Retention => ({
  ...{ newest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimumKept: 1 },
  ...{ timeZone, ...some },
})

const CASES: readonly Case[] = [
  {
    schedules: [cron('0 2 * * *', 'Europe/Berlin')],
    retention: keep('Europe/Berlin', { daily: 14, weekly: 8, monthly: 12, yearly: 3 }),
  },
  {
    schedules: [every(6 * HOUR_MS)],
    retention: keep('Asia/Kolkata', { newest: 4, daily: 7, weekly: 5, monthly: 6 }),
  },
  {
    schedules: [cron('30 2 * * SUN', 'America/New_York'), cron('0 0 1 * *', 'America/New_York')],
    retention: keep('America/New_York', { weekly: 6, monthly: 4 }),
  },
  { schedules: [every(8 * HOUR_MS)], retention: keep('UTC', { newest: 30 }) },
  {
    schedules: [cron('0 */4 * * *', 'Australia/Lord_Howe')],
    retention: keep('Australia/Lord_Howe', { hourly: 12, daily: 10, yearly: 2 }),
  },
]

export function yearOfGroup(index: number): YearOfGroup {
  const group = groupOf(index)
  const { schedules, retention } = CASES[index % CASES.length] as Case
  const outage = outageOf(index)
  const made: Date[] = []
  let points: RetainedPoint[] = []
  let planned = dueTime(undefined, schedules, { group, now: START })
  for (;;) {
    const now = planned >= outage.from && planned < outage.to ? outage.to : planned
    if (now >= END) break
    assert(dueTime(planned, schedules, { group, now }) <= now)
    made.push(now)
    points = afterRetention([...points, pointAt(now)], retention, now)
    planned = nextDue(schedules, group, now)
  }
  const promised = promisedBy(retention, promisedTimes(schedules, group, outage))
  return { made, left: points.map(({ createdAt }) => createdAt), promised }
}

const groupOf = (index: number): VolumeGroupId => {
  const hex = createHash('sha256').update(`group ${index}`).digest('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`]
  return volumeGroupIds.create([...parts, hex.slice(20, 32)].join('-'))
}

/** Up to three weeks without an element, at another time for each group. */
const outageOf = (index: number): { from: Date; to: Date } => {
  const from = START.getTime() + ((index * 37) % 340) * DAY_MS
  return { from: new Date(from), to: new Date(from + (1 + (index % 21)) * DAY_MS + 1) }
}

const pointAt = (createdAt: Date): RetainedPoint => ({
  id: `rp-${createdAt.toISOString()}` as RecoveryPointId,
  createdAt,
  scheduled: true,
  ...{ expiresAt: undefined, lockedUntil: undefined, pinned: false },
})

function afterRetention(points: RetainedPoint[], retention: Retention, now: Date): RetainedPoint[] {
  const gone = new Set(expiredPoints(points, retention, now))
  return points.filter(({ id }) => !gone.has(id))
}

/** All times of the year, those within the outage as one at its end. */
function promisedTimes(
  schedules: readonly Schedule[],
  group: VolumeGroupId,
  outage: { readonly from: Date; readonly to: Date },
): Date[] {
  const all = schedules.flatMap((schedule) => {
    const times: Date[] = []
    const from = new Date(START.getTime() - MAX_SPREAD_MS)
    for (let due = nextDue([schedule], group, from); due < END; due = nextDue([schedule], group, due)) {
      times.push(due)
    }
    return times.filter((time) => time > START)
  })
  const kept = all.filter((time) => time < outage.from || time > outage.to)
  const late = kept.length < all.length && outage.to < END ? [outage.to] : []
  const unique = new Set([...kept, ...late].map((time) => time.getTime()))
  return [...unique].sort((a, b) => a - b).map((ms) => new Date(ms))
}

/** By names of hours, days, weeks, months and years as a calendar on the wall there has them. */
function promisedBy(retention: Retention, times: readonly Date[]): Date[] {
  const { timeZone } = retention
  const wall = (time: Date): string => time.toLocaleString('sv', { timeZone })
  const offset = (time: Date): string =>
    time.toLocaleString('en', { timeZone, timeZoneName: 'longOffset' }).split(' ').at(-1) as string
  const mondayOf = (time: Date): string => {
    const day = new Date(`${wall(time).slice(0, 10)}T00:00:00Z`)
    return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY_MS).toISOString()
  }
  const lines: [number, (time: Date) => string][] = [
    [retention.newest, (time) => time.toISOString()],
    [retention.hourly, (time) => wall(time).slice(0, 13) + offset(time)],
    [retention.daily, (time) => wall(time).slice(0, 10)],
    [retention.weekly, mondayOf],
    [retention.monthly, (time) => wall(time).slice(0, 7)],
    [retention.yearly, (time) => wall(time).slice(0, 4)],
  ]
  const kept = lines.flatMap(([count, nameOf]) => {
    if (count === 0) return []
    const newestOf = new Map(times.map((time) => [nameOf(time), time]))
    return [...newestOf.values()].slice(-count)
  })
  return times.filter((time) => kept.includes(time))
}
