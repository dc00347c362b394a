import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { run } from '../../../src/host/exec.ts'
import { FS_TYPES } from '../../../src/host/filesystems/filesystem.ts'
import { format } from '../../../src/host/filesystems/format.ts'
import { mountFilesystem } from '../../../src/host/filesystems/mount-filesystem.ts'
import { probe } from '../../../src/host/filesystems/probe.ts'
import { Bench, MIB } from './support.ts'

const SIZE = 320 * MIB

test('a device of zeroes is blank, also a tiny one', async () => {
  const bench = await Bench.create()
  expect(await probe((await bench.device(SIZE)).path)).toEqual({ kind: 'blank' })
  expect(await probe((await bench.device(MIB)).path)).toEqual({ kind: 'blank' })
})

test.each([
  ['at the very start', 0],
  ['late in the first 2 MiB', 2 * MIB - 4096],
  ['in the last 1 MiB', SIZE - MIB],
  ['at the very end', SIZE - 4096],
])('random data %s is never taken for blank', async (_, offset) => {
  const device = await (await Bench.create()).device(SIZE)
  await device.write(offset, randomBytes(4096))
  expect(await probe(device.path)).toMatchObject({ kind: 'unrecognised' })
})

test('a single byte is enough', async () => {
  const device = await (await Bench.create()).device(SIZE)
  await device.write(777_777, Buffer.from([1]))
  expect(await probe(device.path)).toMatchObject({ kind: 'unrecognised' })
})

test('what belongs to others is named', async () => {
  const bench = await Bench.create()
  const swap = await bench.device(SIZE)
  await run({ file: 'mkswap', args: [swap.path] })
  expect(await probe(swap.path)).toEqual({ kind: 'foreign', what: 'swap' })
  const partitioned = await bench.device(SIZE)
  const table = Buffer.alloc(512)
  table.set([0x00, 0, 0, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8], 446) // one partition of 2048 sectors
  table.set([0x55, 0xaa], 510)
  await partitioned.write(0, table)
  expect(await probe(partitioned.path)).toEqual({ kind: 'foreign', what: 'a dos partition table' })
})

test('two formats at once are not taken for one of them', async () => {
  const device = await (await Bench.create()).device(SIZE)
  await run({ file: 'mkfs.ext4', args: ['-q', device.path] })
  await device.write(0, Buffer.from('XFSB'))
  const content = await probe(device.path)
  expect(content.kind).not.toBe('blank')
})

test.each(FS_TYPES)('%s is known by its superblock, mounted or not', async (fsType) => {
  const bench = await Bench.create()
  const device = await bench.device(SIZE)
  const uuid = randomUUID()
  await format(fsType, { device: device.path, options: [], uuid, overwrite: false })
  expect(await probe(device.path)).toMatchObject({
    kind: 'filesystem',
    fsType,
    growable: false,
    logDirty: false,
  })
  if (fsType === 'btrfs') expect(await probe(device.path)).toMatchObject({ uuid })
  const target = await bench.directory()
  await mountFilesystem({ device: device.path, target, fsType, flags: [], readOnly: false })
  expect(await probe(device.path)).toMatchObject({ kind: 'filesystem', fsType, growable: false })
  await device.grow(2 * SIZE)
  expect(await probe(device.path)).toMatchObject({ kind: 'filesystem', fsType, growable: true })
})

test('an xfs whose making did not end is not taken for one', async () => {
  const device = await (await Bench.create()).device(SIZE)
  await format('xfs', { device: device.path, options: ['-m', 'crc=0'], uuid: randomUUID(), overwrite: false })
  await device.write(126, Buffer.from([1])) // sb_inprogress
  expect(await probe(device.path)).toMatchObject({ kind: 'unrecognised' })
})

test('a device that is gone is an error, not blank', async () => {
  await expect(probe('/dev/mooring-no-such-device')).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
})
