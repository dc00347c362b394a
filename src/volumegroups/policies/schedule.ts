import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import type { VolumeGroupId } from '../ids.ts'
import { MAX_SPREAD_MS } from '../limits.ts'
import type { Schedule } from './types.ts'

/** The first time after `after` at which one of the schedules wants a point of this group. */
export function nextDue(schedules: readonly Schedule[], group: VolumeGroupId, after: Date): Date {
  const share = shareOf(group)
  const times = schedules.map((schedule) =>
    schedule.kind === 'cron' ? nextOfCron(schedule, share, after) : nextOfInterval(schedule, share, after),
  )
  assert(times.length > 0, 'a snapshot policy has a schedule')
  return new Date(Math.min(...times))
}

/**
 * When a group is due that was planned for `plannedAt`. That time stays, also when it has passed: one point makes
 * up for all that were missed, and the next is planned from then on. A plan from before the clock was set back,
 * which the schedules would no longer come to, is drawn nearer.
 */
export function dueTime(
  plannedAt: Date | undefined,
  schedules: readonly Schedule[],
  { group, now }: { readonly group: VolumeGroupId; readonly now: Date },
): Date {
  if (plannedAt !== undefined && plannedAt <= now) return plannedAt
  const next = nextDue(schedules, group, now)
  return plannedAt === undefined || plannedAt > next ? next : plannedAt
}

/** Whether it is a cron expression of five fields that comes to some time. The time zone is known to be one. */
export function isCron(cron: string, timeZone: string): boolean {
  try {
    return cronOf(cron, timeZone).nextRun() !== null
  } catch {
    return false
  }
}

const cronOf = (cron: string, timeZone: string): Cron =>
  new Cron(cron, { timezone: timeZone, mode: '5-part' })

/** From 0 up to 1: where in a spread a group has its place, always the same. */
function shareOf(group: VolumeGroupId): number {
  return createHash('sha256').update(group).digest().readUIntBE(0, 6) / 2 ** 48
}

function nextOfInterval({ everyMs }: { readonly everyMs: number }, share: number, after: Date): number {
  const offsetMs = Math.floor(share * everyMs)
  return Math.floor((after.getTime() - offsetMs) / everyMs + 1) * everyMs + offsetMs
}

/** Delayed by a share of the spread, or of half the time to the next firing if that is less: the order stays. */
function nextOfCron(
  { cron, timeZone }: { readonly cron: string; readonly timeZone: string },
  share: number,
  after: Date,
): number {
  const parsed = cronOf(cron, timeZone)
  let firing = firingAfter(parsed, after.getTime() - MAX_SPREAD_MS)
  for (;;) {
    const following = firingAfter(parsed, firing)
    const due = firing + Math.floor(share * Math.min(MAX_SPREAD_MS, (following - firing) / 2))
    if (due > after.getTime()) return due
    firing = following
  }
}

function firingAfter(cron: Cron, ms: number): number {
  const next = cron.nextRun(new Date(ms))
  assert(next, 'a stored cron expression comes to some time')
  return next.getTime()
}
