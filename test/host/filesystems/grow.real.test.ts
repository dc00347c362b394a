import { randomUUID } from 'node:crypto'
import { readFile, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FS_TYPES, type FsType } from '../../../src/host/filesystems/filesystem.ts'
import { format } from '../../../src/host/filesystems/format.ts'
import { growMounted, growUnmounted } from '../../../src/host/filesystems/grow.ts'
import { mountFilesystem } from '../../../src/host/filesystems/mount-filesystem.ts'
import { probe } from '../../../src/host/filesystems/probe.ts'
import { unmount } from '../../../src/host/mounts.ts'
import { Bench, type LoopFile, MIB } from './support.ts'

const SIZE = 320 * MIB

async function mounted(fsType: FsType): Promise<{ device: LoopFile; target: string }> {
  const bench = await Bench.create()
  const device = await bench.device(SIZE)
  await format(fsType, { device: device.path, options: [], uuid: randomUUID(), overwrite: false })
  const target = await bench.directory()
  await mountFilesystem({ device: device.path, target, fsType, flags: [], readOnly: false })
  await writeFile(join(target, 'file'), 'kept')
  return { device, target }
}

const totalOf = async (target: string): Promise<number> => {
  const { blocks, bsize } = await statfs(target)
  return blocks * bsize
}

/** As the kernel judges it: resizing a mounted ext4 needs CAP_SYS_RESOURCE (capability 24). */
async function hasSysResource(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)![1]}`)
  return ((effective >> 24n) & 1n) === 1n
}

test.each(['xfs', 'btrfs'] as const)(
  'a mounted %s grows, and growing it again changes nothing',
  async (fsType) => {
    const { device, target } = await mounted(fsType)
    const before = await totalOf(target)
    await device.grow(2 * SIZE)
    await growMounted(fsType, device.path, target)
    expect(await totalOf(target)).toBeGreaterThan(before + 0.9 * SIZE)
    await growMounted(fsType, device.path, target)
    expect(await readFile(join(target, 'file'), 'utf8')).toBe('kept')
    await unmount(target)
    expect(await probe(device.path)).toMatchObject({ growable: false })
  },
)

test('a mounted ext4 grows, or it is refused by exactly that reason', async () => {
  const { device, target } = await mounted('ext4')
  const before = await totalOf(target)
  await device.grow(2 * SIZE)
  const growing = growMounted('ext4', device.path, target)
  if (await hasSysResource()) {
    await growing
    expect(await totalOf(target)).toBeGreaterThan(before + 0.9 * SIZE)
  } else {
    await expect(growing).rejects.toMatchObject({ reason: 'FILESYSTEM_GROW_REFUSED' })
    expect(await totalOf(target)).toBe(before)
  }
  expect(await readFile(join(target, 'file'), 'utf8')).toBe('kept')
})

test('an unmounted ext4 grows, also with a journal to replay first', async () => {
  const { device, target } = await mounted('ext4')
  await writeFile(join(target, 'synced'), 'kept too', { flush: true })
  const bench = await Bench.create()
  const copy = await bench.device(2 * SIZE, device)
  expect(await probe(copy.path)).toMatchObject({ growable: true, logDirty: true })
  await growUnmounted('ext4', copy.path)
  expect(await probe(copy.path)).toMatchObject({ growable: false, logDirty: false })
  const other = await bench.directory()
  await mountFilesystem({ device: copy.path, target: other, fsType: 'ext4', flags: [], readOnly: false })
  expect(await readFile(join(other, 'synced'), 'utf8')).toBe('kept too')
})

test('a damaged ext4 is not grown', async () => {
  const { device, target } = await mounted('ext4')
  await unmount(target)
  await device.write(2048, Buffer.alloc(64 * 1024, 0xff)) // group descriptors and what follows them
  await device.grow(2 * SIZE)
  await expect(growUnmounted('ext4', device.path)).rejects.toMatchObject({ reason: 'FILESYSTEM_DAMAGED' })
})

test.each([1, 2, 3, 5, 9])(
  '%i MiB more than whole groups: the probe says of ext4 what resize2fs does',
  async (more) => {
    const bench = await Bench.create()
    const device = await bench.device(512 * MIB)
    const options = ['-b', '4096']
    await format('ext4', { device: device.path, options, uuid: randomUUID(), overwrite: false })
    await device.grow((512 + more) * MIB)
    const before = await probe(device.path)
    await growUnmounted('ext4', device.path)
    const after = await probe(device.path)
    // What is said to be growable grows; after that nothing is, so no stage tries for ever.
    if (before.kind === 'filesystem' && before.growable) expect(after).toMatchObject({ growable: false })
    expect(after).toMatchObject({ kind: 'filesystem', growable: false })
  },
)

test.each(FS_TYPES)('%s: a device of the same size is not growable', async (fsType) => {
  const { device } = await mounted(fsType)
  expect(await probe(device.path)).toMatchObject({ growable: false })
})
