import type { CalendarUnit } from './types.ts'

/** Names the hour, day, week, month and year of an instant at a place: equal names, same unit. */
export function unitsOf(at: Date, timeZone: string): Readonly<Record<CalendarUnit, string>> {
  const local = at.toTemporalInstant().toZonedDateTimeISO(timeZone)
  const { year, month, hour, offset, weekOfYear, yearOfWeek } = local
  const day = local.toPlainDate().toString()
  return {
    hourly: `${day}T${hour}${offset}`, // when clocks are set back, the hour comes twice, at two offsets
    daily: day,
    weekly: `${yearOfWeek}-W${weekOfYear}`,
    monthly: `${year}-${month}`,
    yearly: `${year}`,
  }
}

/** Whether it is an IANA time zone that this machine knows; bare offsets are not, because they know no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
