import { expect, test } from 'vitest'
import { isTimeZone, unitsOf } from '../../../src/volumegroups/policies/calendar.ts'

const berlin = (iso: string) => unitsOf(new Date(iso), 'Europe/Berlin')

test('a day begins at midnight of the place, not of UTC', () => {
  expect(berlin('2026-06-30T21:59:59Z')).toMatchObject({ daily: '2026-06-30', monthly: '2026-6' })
  expect(berlin('2026-06-30T22:00:00Z')).toMatchObject({ daily: '2026-07-01', monthly: '2026-7' })
})

test('the day on which clocks are set back has 25 hours, the one on which they are set forward 23', () => {
  const hoursFrom = (iso: string, count: number) =>
    Array.from({ length: count }, (_, hour) =>
      unitsOf(new Date(Date.parse(iso) + hour * 3_600_000), 'Europe/Berlin'),
    )
  const october = hoursFrom('2026-10-24T22:00:00Z', 25)
  expect(new Set(october.map(({ hourly }) => hourly)).size).toBe(25)
  expect(new Set(october.map(({ daily }) => daily))).toEqual(new Set(['2026-10-25']))
  const march = hoursFrom('2026-03-28T23:00:00Z', 23)
  expect(new Set(march.map(({ daily }) => daily))).toEqual(new Set(['2026-03-29']))
  expect(berlin('2026-03-29T22:00:00Z').daily).toBe('2026-03-30')
})

test('an hour may begin at half past of UTC', () => {
  const kolkata = (iso: string) => unitsOf(new Date(iso), 'Asia/Kolkata').hourly
  expect(kolkata('2026-01-01T00:29:59Z')).not.toBe(kolkata('2026-01-01T00:30:00Z'))
  expect(kolkata('2026-01-01T00:30:00Z')).toBe(kolkata('2026-01-01T01:29:59Z'))
})

test('weeks go from Monday to Sunday, across the new year too; a leap day is a day', () => {
  expect(berlin('2026-12-31T12:00:00Z').weekly).toBe('2026-W53')
  expect(berlin('2027-01-03T12:00:00Z').weekly).toBe('2026-W53')
  expect(berlin('2027-01-04T12:00:00Z').weekly).toBe('2027-W1')
  expect(berlin('2028-02-29T12:00:00Z')).toMatchObject({ daily: '2028-02-29', monthly: '2028-2' })
  expect(berlin('2028-02-28T23:30:00Z').daily).toBe('2028-02-29')
})

test('only names of places are time zones', () => {
  expect(['UTC', 'Europe/Berlin', 'Asia/Kolkata'].filter(isTimeZone)).toHaveLength(3)
  expect(['', '+02:00', 'Mars/Olympus', 'Europe'].filter(isTimeZone)).toEqual([])
})
