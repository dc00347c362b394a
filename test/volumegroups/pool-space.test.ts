import { expect, test } from 'vitest'
import { createPoolSpace } from '../../src/volumegroups/pool-space.ts'

const MIB = 1024n * 1024n
const MARKS = { overcommit: 2, warnAt: 0.8, stopAt: 0.9 }

/** A pool of 1000 MiB. */
function poolOf({ freeMiB, promisedMiB = 0n }: { freeMiB: bigint; promisedMiB?: bigint }) {
  const availableBytes = freeMiB * MIB
  const capacity = { totalBytes: 1000n * MIB, availableBytes, maximumDiskBytes: availableBytes }
  const reader = { promisedBytes: async () => promisedMiB * MIB }
  return createPoolSpace({ capacity: async () => capacity }, reader, MARKS)
}

test.each([
  [201n, 'ok'],
  [200n, 'warning'],
  [101n, 'warning'],
  [100n, 'stopped'],
  [0n, 'stopped'],
] as const)('with %i of 1000 MiB free the pool is %s', async (freeMiB, state) => {
  const space = poolOf({ freeMiB })
  expect(await space.capacity()).toMatchObject({ state })
  const admitted = space.admit(MIB)
  if (state === 'stopped') await expect(admitted).rejects.toMatchObject({ reason: 'NO_SPACE' })
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

test('no more is promised than the over-commit ratio allows', async () => {
  const space = poolOf({ freeMiB: 900n, promisedMiB: 1900n })
  await space.admit(100n * MIB)
  await expect(space.admit(101n * MIB)).rejects.toMatchObject({
    reason: 'NO_SPACE',
    message: expect.stringMatching(/over-commit/),
  })
})
