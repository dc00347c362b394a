import { InvalidArgumentError } from 'commander'
import { MAX_LISTED } from '../output/print.ts'

/** What a person writes, as the domain has it. What can not be read is a fault of usage. */

const POWERS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 1000n,
  m: 1000n ** 2n,
  g: 1000n ** 3n,
  t: 1000n ** 4n,
  ki: 1024n,
  mi: 1024n ** 2n,
  gi: 1024n ** 3n,
  ti: 1024n ** 4n,
}

/** `10GiB` or `10Gi` is 10 × 2^30, `10GB` or `10G` is 10 × 10^9 (as in Kubernetes), a bare number is bytes. */
export function parseSize(text: string): bigint {
  const [, whole, fraction = '', unit = ''] = /^(\d{1,16})(?:\.(\d{1,6}))?\s*([a-z]*)$/i.exec(text) ?? []
  const power = POWERS[unit.toLowerCase().replace(/b$/, '')]
  if (whole === undefined || power === undefined) {
    throw new InvalidArgumentError('A size is a number with a unit, such as 10GiB or 500M, or of bytes.')
  }
  const scale = 10n ** BigInt(fraction.length)
  const scaled = BigInt(`${whole}${fraction}`) * power
  if (scaled % scale !== 0n) throw new InvalidArgumentError('It is no whole number of bytes.')
  return scaled / scale
}

/** A number of items. */
export function parseLimit(text: string): number {
  return parseInteger(text, { from: 1, to: MAX_LISTED })
}

const MAX_INTERVAL_S = 3600
export const DEFAULT_INTERVAL_S = 2

/** `--watch` alone, or with seconds. */
export const parseInterval = (text: string): number => parseInteger(text, { from: 1, to: MAX_INTERVAL_S })

const MAX_TIMEOUT_S = 600

export const parseTimeout = (text: string): number => parseInteger(text, { from: 1, to: MAX_TIMEOUT_S })

function parseInteger(text: string, { from, to }: { readonly from: number; readonly to: number }): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= from && value <= to)) {
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`)
  }
  return value
}

/** Adds `key=value` to those before it. */
export function parseAttribute(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('An attribute is written as key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Adds a value to those before it. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text]

const MAX_COUNT = 999_999_999

/** A number of things, 0 or more; which of them make sense is for the element to say. */
export const parseCount = (text: string): number => parseInteger(text, { from: 0, to: MAX_COUNT })

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** As `parseDuration`, or none. */
export const parseGrace = (text: string): number => (text === '0' ? 0 : parseDuration(text))

/** `90d`: how long, in milliseconds. */
export function parseDuration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhdwy])$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  if (unitMs === undefined) {
    throw new InvalidArgumentError('A duration is a number with a unit (s, m, h, d, w, y), such as 90d.')
  }
  return Number(count) * unitMs
}
