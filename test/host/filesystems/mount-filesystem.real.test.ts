import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { format } from '../../../src/host/filesystems/format.ts'
import { mountFilesystem } from '../../../src/host/filesystems/mount-filesystem.ts'
import { attachLoop, detachLoop } from '../../../src/host/loop-devices.ts'
import { findMount, unmount } from '../../../src/host/mounts.ts'
import { Bench, MIB } from './support.ts'

async function formatted() {
  const bench = await Bench.create()
  const device = await bench.device(64 * MIB)
  await format('ext4', { device: device.path, options: [], uuid: randomUUID(), overwrite: false })
  return { device, target: await bench.directory(), fsType: 'ext4' as const }
}

test('flags reach the mount', async () => {
  const { device, target, fsType } = await formatted()
  await mountFilesystem({
    device: device.path,
    target,
    fsType,
    flags: ['noatime', 'nodiratime'],
    readOnly: true,
  })
  const found = await findMount(target)
  expect(found?.options).toEqual(expect.arrayContaining(['ro', 'noatime']))
})

test('a read-only device is never mounted for writing as if it were', async () => {
  const { device, target, fsType } = await formatted()
  const path = await attachLoop(device.file, { directIo: false, readOnly: true })
  onTestFinished(() => detachLoop(path))
  const spec = { device: path, target, fsType, flags: [] }
  await expect(mountFilesystem({ ...spec, readOnly: false })).rejects.toMatchObject({
    reason: 'MOUNT_REFUSED',
  })
  expect(await findMount(target)).toBeUndefined()
  await mountFilesystem({ ...spec, readOnly: true })
  expect((await findMount(target))?.options).toContain('ro')
  await unmount(target)
})

test('a flag that the file system does not know is refused with the flags', async () => {
  const { device, target, fsType } = await formatted()
  const spec = { device: device.path, target, fsType, flags: ['no-such-flag'], readOnly: false }
  await expect(mountFilesystem(spec)).rejects.toMatchObject({
    reason: 'MOUNT_REFUSED',
    message: expect.stringContaining('no-such-flag'),
  })
})

test('a damaged file system says so', async () => {
  const { device, target, fsType } = await formatted()
  await device.write(1024 + 0x14, Buffer.from([0xff, 0xff, 0xff, 0x7f])) // an impossible first data block
  const spec = { device: device.path, target, fsType, flags: [], readOnly: false }
  await expect(mountFilesystem(spec)).rejects.toMatchObject({
    reason: expect.stringMatching(/^(FILESYSTEM_DAMAGED|MOUNT_REFUSED)$/),
  })
})
