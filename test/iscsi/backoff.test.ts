import { expect, test } from 'vitest'
import { Backoff } from '../../src/iscsi/backoff.ts'
import { IscsiError } from '../../src/iscsi/index.ts'

const away = new IscsiError('connect_failed', 'away')
const refused = new IscsiError('target_not_found', 'masked')
const take = (backoff: Backoff, error: IscsiError, count: number) =>
  Array.from({ length: count }, () => backoff.next(error))

test('doubles up to a limit, and starts anew after a reset', () => {
  const backoff = new Backoff()
  expect(take(backoff, away, 8)).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000])
  backoff.reset()
  expect(backoff.next(away)).toBe(50)
})

test('asks less often when refused, and starts anew when that changes', () => {
  const backoff = new Backoff()
  expect(take(backoff, refused, 7)).toEqual([100, 200, 400, 800, 1600, 3200, 5000])
  expect(backoff.next(away)).toBe(50)
  expect(backoff.next(refused)).toBe(100)
})
