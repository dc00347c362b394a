import { expect, test } from 'vitest'
import { BufferPool } from '../../../../src/initiators/userspace/fuse/buffer-pool.ts'
import { REQUEST_BYTES } from '../../../../src/initiators/userspace/fuse/protocol.ts'

test('a returned buffer is used again for what fits', () => {
  const pool = new BufferPool(1024 * 1024)
  const buffer = pool.take(5000)
  expect(buffer.length).toBeGreaterThanOrEqual(5000)
  pool.give(buffer)
  expect(pool.take(9000)).toBe(buffer)
  expect(pool.take(9000)).not.toBe(buffer)
})

test('what is kept has a limit', () => {
  const pool = new BufferPool(3 * REQUEST_BYTES)
  const buffers = Array.from({ length: 8 }, () => pool.take(REQUEST_BYTES))
  for (const buffer of buffers) pool.give(buffer)
  expect(pool.keptBytes).toBe(3 * REQUEST_BYTES)
})

test('no request is larger than the largest buffer, and no foreign buffer is taken in', () => {
  const pool = new BufferPool(REQUEST_BYTES)
  expect(() => pool.take(REQUEST_BYTES + 1)).toThrow('no request needs')
  expect(() => pool.give(Buffer.alloc(100))).toThrow('not of this pool')
})
