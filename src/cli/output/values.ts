/** Sizes and times as a person reads them. */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `1.5 GiB`: the largest unit of which there is one, to a tenth. */
export function formatSize(sizeBytes: bigint): string {
  const at = (power: number): number => Number((sizeBytes * 10n) / 1024n ** BigInt(power)) / 10
  const power = UNITS.findLastIndex((_, candidate) => candidate === 0 || at(candidate) >= 1)
  return `${at(power)} ${UNITS[power]}`
}

const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S
const YEAR_S = 365 * DAY_S

/** `5m`: how long something took, in the one unit that says enough. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 2 * MINUTE_S) return `${seconds}s`
  if (seconds < 2 * HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m`
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)}h`
  if (seconds < 2 * YEAR_S) return `${Math.floor(seconds / DAY_S)}d`
  return `${Math.floor(seconds / YEAR_S)}y`
}

/** `1h`: a period as it was set, in the largest unit that loses nothing. */
export function formatPeriod(ms: number): string {
  const units = { d: DAY_S, h: HOUR_S, m: MINUTE_S, s: 1 }
  const [unit, seconds] = Object.entries(units).find(([, size]) => ms % (size * 1000) === 0) ?? ['ms', 0.001]
  return `${ms / (seconds * 1000)}${unit}`
}

export const pairsOf = (map: Readonly<Record<string, string>>): string =>
  Object.entries(map)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
