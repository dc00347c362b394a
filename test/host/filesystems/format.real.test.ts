import { randomBytes, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { run } from '../../../src/host/exec.ts'
import { FS_TYPES } from '../../../src/host/filesystems/filesystem.ts'
import { checkFormatSize, format } from '../../../src/host/filesystems/format.ts'
import { FILESYSTEMS } from '../../../src/host/filesystems/kinds.ts'
import { probe } from '../../../src/host/filesystems/probe.ts'
import { Bench, MIB } from './support.ts'

const SIZE = 320 * MIB
const request = (device: string, options: readonly string[] = []) => ({
  device,
  options,
  uuid: randomUUID(),
  overwrite: false,
})

test('options reach mkfs', async () => {
  const { path } = await (await Bench.create()).device(SIZE)
  await format('ext4', request(path, ['-b', '4096', '-L', 'mooring']))
  const { stdout } = await run({ file: 'dumpe2fs', args: ['-h', path] })
  expect(stdout).toMatch(/Block size:\s+4096/)
  expect(stdout).toMatch(/volume name:\s+mooring/)
})

test('an option that mkfs refuses is told with its words', async () => {
  const { path } = await (await Bench.create()).device(SIZE)
  await expect(format('xfs', request(path, ['-b', 'size=3']))).rejects.toMatchObject({
    reason: 'FORMAT_FAILED',
    message: expect.stringContaining('mkfs.xfs failed: '),
  })
})

test.each(FS_TYPES)('mkfs makes %s at the size that is said to be enough', async (fsType) => {
  const { minSizeBytes } = FILESYSTEMS[fsType]
  const { path } = await (await Bench.create()).device(Number(minSizeBytes))
  checkFormatSize(fsType, minSizeBytes)
  await format(fsType, request(path))
  expect(() => checkFormatSize(fsType, minSizeBytes - 1n)).toThrow(
    expect.objectContaining({ reason: 'SIZE_OUT_OF_RANGE' }),
  )
})

test('mkfs itself refuses a device on which there is a file system, unless it may overwrite', async () => {
  const { path } = await (await Bench.create()).device(SIZE)
  await format('ext4', request(path))
  await expect(format('xfs', request(path))).rejects.toMatchObject({ reason: 'FORMAT_FAILED' })
  await format('xfs', { ...request(path), overwrite: true })
  expect(await probe(path)).toMatchObject({ kind: 'filesystem', fsType: 'xfs' })
})

test.each(FS_TYPES)('the remains of an mkfs can be made into %s', async (fsType) => {
  const device = await (await Bench.create()).device(SIZE)
  await device.write(64 * 1024, randomBytes(MIB))
  await format(fsType, { ...request(device.path), overwrite: true })
  expect(await probe(device.path)).toMatchObject({ kind: 'filesystem', fsType })
})

test('a device that a program holds for itself is busy', async () => {
  const { path } = await (await Bench.create()).device(SIZE)
  const holder = await open(path, constants.O_RDWR | constants.O_EXCL)
  try {
    await expect(format('ext4', request(path))).rejects.toMatchObject({
      reason: 'DEVICE_IN_USE',
      kind: 'busy',
    })
  } finally {
    await holder.close()
  }
})
