import { expect, test } from 'vitest'
import { KeyedQueue, QueueFullError } from '../../src/lib/keyed-queue.ts'

const gate = () => Promise.withResolvers<void>()

test('tasks of one key run in order, also after a failure', async () => {
  const queue = new KeyedQueue(10)
  const order: number[] = []
  const first = gate()
  const results = [
    queue.run('a', async () => {
      await first.promise
      order.push(1)
      throw new Error('first fails')
    }),
    queue.run('a', async () => void order.push(2)),
  ]
  first.resolve()
  const settled = await Promise.allSettled(results)
  expect(order).toEqual([1, 2])
  expect(settled.map((result) => result.status)).toEqual(['rejected', 'fulfilled'])
})

test('another key does not wait', async () => {
  const queue = new KeyedQueue(10)
  const first = gate()
  const slow = queue.run('a', () => first.promise)
  await expect(queue.run('b', async () => 'done')).resolves.toBe('done')
  first.resolve()
  await slow
})

test('a full queue refuses at once', async () => {
  const queue = new KeyedQueue(1)
  const first = gate()
  const running = [queue.run('a', () => first.promise), queue.run('a', async () => {})]
  await expect(queue.run('a', async () => {})).rejects.toThrow(QueueFullError)
  first.resolve()
  await Promise.all(running)
})
