import { expect, test } from 'vitest'
import type { Transactor } from '../../src/volumegroups/index.ts'
import { createPoolSpace } from '../../src/volumegroups/pool-space.ts'

const MIB = 1024n * 1024n
const MARKS = { overcommit: 2, warnAt: 0.8, stopAt: 0.9, reserveBytes: 20n * MIB }

/** A pool of 1000 MiB, and what was told to its target. */
function poolOf({ freeMiB, promisedMiB = 0n }: { freeMiB: bigint; promisedMiB?: bigint }) {
  const pool = { freeMiB, told: [] as string[], failing: false }
  const tell = (what: string) => async () => {
    pool.told.push(what)
    if (pool.failing) throw new Error('the target does not listen')
  }
  const space = createPoolSpace({
    store: {
      capacity: async () => {
        const availableBytes = pool.freeMiB * MIB
        return { totalBytes: 1000n * MIB, availableBytes, maximumDiskBytes: availableBytes }
      },
    },
    target: { pause: tell('pause'), resume: tell('resume') },
    reader: { promisedBytes: async () => promisedMiB * MIB },
    marks: MARKS,
  })
  return { ...space, pool }
}

test.each([
  [201n, 'ok'],
  [200n, 'warning'],
  [101n, 'warning'],
  [100n, 'stopped'],
  [20n, 'paused'],
] as const)('with %i of 1000 MiB free the pool is %s', async (freeMiB, state) => {
  const space = poolOf({ freeMiB })
  expect(await space.capacity()).toMatchObject({ state, usedBytes: (1000n - freeMiB) * MIB })
  const admitted = space.admit(MIB)
  if (freeMiB <= 100n) await expect(admitted).rejects.toMatchObject({ reason: 'NO_SPACE' })
  else await admitted
})

test('what is available ends at the stop mark, or where enough is promised', async () => {
  expect(await poolOf({ freeMiB: 500n }).capacity()).toMatchObject({
    availableBytes: 400n * MIB,
    maximumDiskBytes: 400n * MIB,
  })
  expect(await poolOf({ freeMiB: 500n, promisedMiB: 1990n }).capacity()).toMatchObject({
    ...{ availableBytes: 10n * MIB, maximumDiskBytes: 10n * MIB, promisedBytes: 1990n * MIB },
    state: 'ok',
  })
  expect(await poolOf({ freeMiB: 50n, promisedMiB: 3000n }).capacity()).toMatchObject({ availableBytes: 0n })
})

test('nothing is available until a stopped pool has the slack that lets it be made on again', async () => {
  const { look, capacity, pool } = poolOf({ freeMiB: 90n })
  await look()
  pool.freeMiB = 105n
  expect(await capacity()).toMatchObject({ state: 'stopped', availableBytes: 0n, maximumDiskBytes: 0n })
  pool.freeMiB = 111n
  expect(await capacity()).toMatchObject({ state: 'warning', availableBytes: 11n * MIB })
})

test('no more is promised than the over-commit ratio allows', async () => {
  const space = poolOf({ freeMiB: 900n, promisedMiB: 1900n })
  await space.admit(100n * MIB)
  const refusal = { reason: 'NO_SPACE', message: expect.stringMatching(/over-commit/) }
  await expect(space.admit(101n * MIB)).rejects.toMatchObject(refusal)
  const tx = { promisedBytes: async () => 1900n * MIB, openOperations: async () => [] }
  await space.promise(tx as unknown as Transactor, 100n * MIB)
  await expect(space.promise(tx as unknown as Transactor, 101n * MIB)).rejects.toMatchObject(refusal)
})

test('a look pauses the target once when next to nothing is left, and resumes it once when there is space', async () => {
  const { look, capacity, pool } = poolOf({ freeMiB: 500n })
  expect(await look()).toMatchObject({ state: 'ok' })
  expect(pool.told).toEqual([])
  pool.freeMiB = 20n
  expect(await look()).toMatchObject({ state: 'paused' })
  pool.freeMiB = 39n
  expect(await look()).toMatchObject({ state: 'paused' })
  expect(await capacity()).toMatchObject({ state: 'paused' })
  expect(pool.told).toEqual(['pause'])
  pool.freeMiB = 40n
  expect(await look()).toMatchObject({ state: 'stopped' })
  expect(await look()).toMatchObject({ state: 'stopped' })
  expect(pool.told).toEqual(['pause', 'resume'])
})

test('a target that did not pause or resume is told again', async () => {
  const { look, pool } = poolOf({ freeMiB: 10n })
  pool.failing = true
  await expect(look()).rejects.toThrow('does not listen')
  await expect(look()).rejects.toThrow('does not listen')
  pool.freeMiB = 500n
  await expect(look()).rejects.toThrow('does not listen')
  pool.failing = false
  await look()
  await look()
  expect(pool.told).toEqual(['pause', 'pause', 'resume', 'resume'])
})
