import { expect, test } from 'vitest'
import { createMetrics, measurePool } from '../../src/element/index.ts'
import { type PoolCapacity, StorageError } from '../../src/volumegroups/index.ts'

const CAPACITY: PoolCapacity = {
  ...{ totalBytes: 1000n, usedBytes: 970n, availableBytes: 0n, promisedBytes: 5000n, maximumDiskBytes: 0n },
  state: 'stopped',
}

test('the pool is measured at each look; while the element does not serve, nothing is said of it', async () => {
  const metrics = createMetrics('1.2.3')
  const pool = { state: 'starting' as 'starting' | PoolCapacity['state'] }
  measurePool(metrics, {
    capacity: async () => {
      if (pool.state === 'starting') throw new StorageError('NOT_READY', 'the element is starting')
      return { ...CAPACITY, state: pool.state }
    },
  })
  const figures = async () =>
    (await metrics.registry.metrics()).split('\n').filter((line) => /^mooring_pool\S* \d/.test(line))
  expect(await figures()).toEqual([])
  pool.state = 'stopped'
  const sizes = ['size_bytes 1000', 'used_bytes 970', 'available_bytes 0', 'promised_bytes 5000']
  const states = (...values: number[]) =>
    ['ok', 'warning', 'stopped', 'paused'].map((state, index) => `state{state="${state}"} ${values[index]}`)
  const lines = (...values: number[]) =>
    [...sizes, ...states(...values)].map((line) => `mooring_pool_${line}`)
  expect(await figures()).toEqual(lines(0, 0, 1, 0))
  pool.state = 'paused'
  expect(await figures()).toEqual(lines(0, 0, 0, 1))
  pool.state = 'starting'
  expect(await figures()).toEqual([])
})
