import { expect, test } from 'vitest'
import { KeyedPool } from '../../src/lib/keyed-pool.ts'

/** Tasks that end when they are told to. */
function recorded() {
  const log: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const task = (name: string) => async () => {
    const gate = Promise.withResolvers<void>()
    gates.set(name, gate)
    log.push(name)
    await gate.promise
  }
  const end = async (name: string) => {
    gates.get(name)?.resolve()
    await new Promise(setImmediate)
  }
  return { log, task, end }
}

test('so many tasks run at once, in order of arrival, and one of a key', async () => {
  const { log, task, end } = recorded()
  const pool = new KeyedPool(2)
  for (const key of ['a', 'b', 'a', 'c', 'c', 'd']) pool.offer(key, task(key))
  expect(log).toEqual(['a', 'b'])
  await end('b')
  expect(log).toEqual(['a', 'b', 'c'])
  await end('a')
  await end('c')
  pool.offer('a', task('a'))
  expect(log).toEqual(['a', 'b', 'c', 'd', 'a'])
  await end('a')
  await end('d')
  await pool.idle()
})

test('stopping forgets what waits and waits for what runs', async () => {
  const { log, task, end } = recorded()
  const pool = new KeyedPool(1)
  pool.offer('a', task('a'))
  pool.offer('b', task('b'))
  const stopped = pool.stop()
  await end('a')
  await stopped
  pool.offer('c', task('c'))
  expect(log).toEqual(['a'])
})
