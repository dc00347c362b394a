import { Violations } from '../errors.ts'
import {
  MAX_LOCK_MS,
  MAX_NAME_BYTES,
  MAX_RETAINED,
  MAX_RPO_MS,
  MAX_SCHEDULE_INTERVAL_MS,
  MAX_SCHEDULES_PER_POLICY,
  MIN_RPO_MS,
  MIN_SCHEDULE_INTERVAL_MS,
} from '../limits.ts'
import { checkName, checkProject } from '../rules/requests.ts'
import { isTimeZone } from './calendar.ts'
import { isCron } from './schedule.ts'
import { CALENDAR_UNITS, type PolicySettings, type Retention, type Schedule } from './types.ts'

type Spec = { readonly name: string; readonly project: string } & PolicySettings

/** What can be wrong with a policy in itself; all of it is told at once. */
export function checkPolicy(spec: Spec): void {
  const faults = new Violations()
  checkName(faults, 'name', spec.name)
  checkProject(faults, spec.project)
  checkSettings(faults, spec)
  faults.throwIfAny()
}

export function checkSettings(faults: Violations, settings: PolicySettings): void {
  if (settings.kind === 'protection') {
    checkName(faults, 'remote', settings.remote, MAX_NAME_BYTES)
    checkWhole(faults, 'rpoMs', settings.rpoMs, { min: MIN_RPO_MS, max: MAX_RPO_MS })
    checkRetention(faults, 'remoteRetention', settings.remoteRetention)
    return
  }
  const { schedules, retention, lockMs } = settings
  if (schedules.length < 1 || schedules.length > MAX_SCHEDULES_PER_POLICY) {
    const message = `schedules must hold 1 to ${MAX_SCHEDULES_PER_POLICY} schedules`
    faults.add('schedules', 'INVALID_ARGUMENT', message)
  }
  for (const [index, schedule] of schedules.entries()) checkSchedule(faults, `schedules.${index}`, schedule)
  checkRetention(faults, 'retention', retention)
  checkWhole(faults, 'lockMs', lockMs, { min: 0, max: MAX_LOCK_MS })
}

function checkSchedule(faults: Violations, field: string, schedule: Schedule): void {
  if (schedule.kind === 'interval') {
    const range = { min: MIN_SCHEDULE_INTERVAL_MS, max: MAX_SCHEDULE_INTERVAL_MS }
    checkWhole(faults, `${field}.everyMs`, schedule.everyMs, range)
    return
  }
  if (!checkTimeZone(faults, field, schedule.timeZone)) return
  if (isCron(schedule.cron, schedule.timeZone)) return
  const message = `${field}.cron must have five fields, such as "0 2 * * *", and name a time that comes`
  faults.add(`${field}.cron`, 'INVALID_ARGUMENT', message)
}

function checkRetention(faults: Violations, field: string, retention: Retention): void {
  const counts = ['newest', ...CALENDAR_UNITS] as const
  for (const name of [...counts, 'minimumKept'] as const) {
    checkWhole(faults, `${field}.${name}`, retention[name], { min: 0, max: MAX_RETAINED })
  }
  if (counts.every((name) => retention[name] === 0)) {
    faults.add(field, 'INVALID_ARGUMENT', `${field} must keep something: one of ${counts.join(', ')}`)
  }
  checkTimeZone(faults, field, retention.timeZone)
}

function checkTimeZone(faults: Violations, field: string, timeZone: string): boolean {
  if (isTimeZone(timeZone)) return true
  const message = `${field}.timeZone must be the name of a time zone, such as Europe/Berlin or UTC`
  faults.add(`${field}.timeZone`, 'INVALID_ARGUMENT', message)
  return false
}

function checkWhole(
  faults: Violations,
  field: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return
  faults.add(field, 'INVALID_ARGUMENT', `${field} must be a whole number from ${min} to ${max}`)
}
