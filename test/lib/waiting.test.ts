import { expect, test } from 'vitest'
import { settlesWithin, untilAborted } from '../../src/lib/waiting.ts'

const never = new Promise<never>(() => {})

test('work that ends first gives its result', async () => {
  expect(await untilAborted(Promise.resolve(1), new AbortController().signal)).toBe(1)
  expect(await untilAborted(Promise.resolve(1), undefined)).toBe(1)
})

test('a signal ends the waiting with its reason, also when it ended before', async () => {
  const abort = new AbortController()
  const waiting = untilAborted(never, abort.signal)
  abort.abort('enough')
  await expect(waiting).rejects.toBe('enough')
  await expect(untilAborted(never, AbortSignal.abort('gone'))).rejects.toBe('gone')
})

test('it says whether work settled in time, well or not', async () => {
  expect(await settlesWithin(Promise.resolve(), 1000)).toBe(true)
  expect(await settlesWithin(Promise.reject(new Error('bad')), 1000)).toBe(true)
  expect(await settlesWithin(never, 1)).toBe(false)
})
