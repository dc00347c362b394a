import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { parseAttribute, parseDuration, parseSize } from '../../../src/cli/input/parse.ts'
import { formatDuration, formatPeriod, formatSize } from '../../../src/cli/output/values.ts'

describe('a size', () => {
  test.each([
    ['10GiB', 10n * 1024n ** 3n],
    ['10Gi', 10n * 1024n ** 3n],
    ['10gib', 10n * 1024n ** 3n],
    ['10G', 10n * 1000n ** 3n],
    ['10GB', 10n * 1000n ** 3n],
    ['1.5 TiB', (3n * 1024n ** 4n) / 2n],
    ['512', 512n],
    ['512B', 512n],
    ['0', 0n],
    ['9007199254740993', 9007199254740993n],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  test.each(['', 'ten', '-1G', '10XB', '10GiBs', '1e3', '1,5G', '0.3', '10 G B', '99999999999999999'])(
    'is not: %s',
    (text) => {
      expect(() => parseSize(text)).toThrow(InvalidArgumentError)
    },
  )

  test.each([
    [0n, '0 bytes'],
    [1023n, '1023 bytes'],
    [1024n ** 2n, '1 MiB'],
    [(3n * 1024n ** 3n) / 2n, '1.5 GiB'],
    [1024n ** 3n - 1n, '1023.9 MiB'],
    [64n * 1024n ** 4n, '64 TiB'],
  ])('of %d bytes is written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text)
  })
})

test.each([
  [-5, '0s'],
  [119_999, '119s'],
  [120_000, '2m'],
  [2 * 3_600_000, '2h'],
  [48 * 3_600_000, '2d'],
  [800 * 86_400_000, '2y'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each(['90d', '1h', '15m', '30s', '36h', '25h'])(
  'the period %s is written as it was given, or shorter',
  (text) => {
    expect(parseDuration(formatPeriod(parseDuration(text)))).toBe(parseDuration(text))
  },
)

test('a duration needs a unit', () => {
  expect(() => parseDuration('90')).toThrow(InvalidArgumentError)
})

test('attributes add up, and their values can hold anything', () => {
  expect(parseAttribute('b==x', parseAttribute('a=1'))).toEqual({ a: '1', b: '=x' })
  expect(() => parseAttribute('=x')).toThrow(InvalidArgumentError)
})
