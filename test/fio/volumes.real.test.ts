import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../src/host/exec.ts'
import { Deployment } from '../support/deployment.ts'
import { verifyWithFio } from '../support/fio.ts'
import { attachVolume, createVolume, type Driver, deleteVolume, detachVolume } from '../support/volumes.ts'

/** Bytes written through the whole stack come back, also after the volume was away. */

const SIZE_MIB = 384
const MIB = 1024 ** 2
let deployment: Deployment
let driver: Driver

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-fio' })
  driver = deployment.driver()
})
afterAll(() => deployment?.[Symbol.asyncDispose]())

test('a block volume: write and verify, detach, attach, verify again', async () => {
  const volume = await createVolume(driver, { name: 'block', sizeBytes: SIZE_MIB * MIB, access: 'block' })
  const job = { sizeMib: SIZE_MIB }
  await verifyWithFio({ ...job, file: await attachVolume(driver, volume) })
  await detachVolume(driver, volume)
  await verifyWithFio({ ...job, file: await attachVolume(driver, volume), readBack: true })
  await detachVolume(driver, volume)
  await deleteVolume(driver, volume)
})

const CHECKS = {
  ext4: (device: string) => ({ file: 'e2fsck', args: ['-f', '-n', device] }),
  xfs: (device: string) => ({ file: 'xfs_repair', args: ['-n', device] }),
}

test.each(['ext4', 'xfs'] as const)(
  '%s: write and verify, detach, fsck, attach, verify again',
  async (fsType) => {
    const options = { name: fsType, sizeBytes: SIZE_MIB * MIB, parameters: { fsType } }
    const volume = await createVolume(driver, options)
    const job = { sizeMib: 192 }
    await verifyWithFio({ ...job, file: join(await attachVolume(driver, volume), 'data') })
    await detachVolume(driver, volume)

    const asBlock = { ...volume, access: 'block' as const }
    const { exitCode } = await run(CHECKS[fsType](await attachVolume(driver, asBlock)), {
      timeoutMs: 120_000,
    })
    expect(exitCode).toBe(0)
    await detachVolume(driver, asBlock)

    await verifyWithFio({ ...job, file: join(await attachVolume(driver, volume), 'data'), readBack: true })
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  },
)
