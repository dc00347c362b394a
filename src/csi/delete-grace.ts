import { MAX_GRACE_MS, type Violations } from '../volumegroups/index.ts'

/** The key in a volume's attributes; the element gives it no meaning. */
const KEY = 'deleteGraceMs'

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A StorageClass's `deleteGrace`, such as 24h: how long a deleted volume can be had again. Empty is 0. */
export function parseDeleteGrace(text: string, faults: Violations): number {
  if (text === '' || text === '0') return 0
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const graceMs = Number(count) * (UNIT_MS[unit] ?? Number.NaN)
  if (graceMs <= MAX_GRACE_MS) return graceMs
  const message = `is no duration such as 24h (s, m, h, d) of ${MAX_GRACE_MS / 86_400_000} days at most`
  faults.add('parameters.deleteGrace', 'INVALID_ARGUMENT', `parameters.deleteGrace ${message}`)
  return 0
}

/** As attributes of the volume, by which its deletion goes whatever becomes of the class. */
export const toGraceAttributes = (graceMs: number): Record<string, string> =>
  graceMs === 0 ? {} : { [KEY]: String(graceMs) }

/** What `toGraceAttributes` wrote. */
export function graceIn(attributes: Readonly<Record<string, string>>): number {
  const graceMs = Number(attributes[KEY] ?? 0)
  return Number.isInteger(graceMs) && graceMs >= 0 && graceMs <= MAX_GRACE_MS ? graceMs : 0
}
