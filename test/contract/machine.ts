import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { FS_TYPES, type FsType } from '../../src/host/filesystems/filesystem.ts'
import { growsUnmounted } from '../../src/host/filesystems/grow.ts'
import { needsOwnUuid } from '../../src/host/filesystems/identity.ts'
import type { Machine } from '../../src/node/machine.ts'

const MIB = 1024 * 1024
/** What `device` makes. */
export const CONTRACT_DEVICE_BYTES = 320 * MIB

export interface MachineDevice {
  readonly path: string
  grow(sizeBytes: number): Promise<void>
}

export interface MachineHarness {
  readonly machine: Machine
  /** An empty directory; what is made in it goes with the test. */
  readonly root: string
  /** A blank device of CONTRACT_DEVICE_BYTES. */
  device(): Promise<MachineDevice>
}

/** What every Machine keeps. */
export function machineContract(name: string, make: () => Promise<MachineHarness>): void {
  describe(name, () => {
    let harness: MachineHarness
    let machine: Machine
    let device: MachineDevice
    const path = (entry: string): string => join(harness.root, entry)
    const format = (fsType: FsType, uuid: string = randomUUID()) =>
      machine.format(fsType, { device: device.path, options: [], uuid, overwrite: false })
    const mount = (fsType: FsType, readOnly = false) =>
      machine.mountFilesystem({ device: device.path, target: path('staging'), fsType, flags: [], readOnly })

    beforeEach(async () => {
      harness = await make()
      machine = harness.machine
      device = await harness.device()
      await machine.makeTarget(path('staging'), 'directory')
    })

    test.each(FS_TYPES)('a blank device becomes %s, and only once', async (fsType) => {
      const uuid = randomUUID()
      expect(await machine.probe(device.path)).toEqual({ kind: 'blank' })
      await format(fsType, uuid)
      const content = await machine.probe(device.path)
      expect(content).toMatchObject({ kind: 'filesystem', fsType, growable: false, logDirty: false })
      if (needsOwnUuid(fsType)) expect(content).toMatchObject({ uuid })
      const others = FS_TYPES.filter((other) => other !== fsType && other !== 'ext4')
      await expect(format(others[0]!)).rejects.toMatchObject({ reason: 'FORMAT_FAILED' })
    })

    test('a mount is seen at its path, and goes', async () => {
      await format('ext4')
      expect(await machine.mountAt(path('staging'))).toBeUndefined()
      await mount('ext4')
      const expected = { kind: 'filesystem', device: device.path, root: '/', readOnly: false }
      expect(await machine.mountAt(path('staging'))).toMatchObject(expected)
      await machine.unmount(path('staging'))
      await machine.unmount(path('staging'))
      expect(await machine.mountAt(path('staging'))).toBeUndefined()
      await mount('ext4', true)
      expect(await machine.mountAt(path('staging'))).toMatchObject({ ...expected, readOnly: true })
    })

    test('nothing is mounted over a mount, nor as another file system', async () => {
      await format('xfs')
      await expect(mount('ext4')).rejects.toMatchObject({ reason: 'MOUNT_REFUSED' })
      await mount('xfs')
      await expect(mount('xfs')).rejects.toMatchObject({ reason: 'MOUNT_POINT_TAKEN' })
      const bind = machine.bind(device.path, path('staging'), { readOnly: false })
      await expect(bind).rejects.toMatchObject({ reason: 'MOUNT_POINT_TAKEN' })
    })

    test.each([false, true])(
      'a directory is bound (read-only: %s), and outlives its source',
      async (readOnly) => {
        await format('btrfs')
        await mount('btrfs')
        await machine.makeTarget(path('target'), 'directory')
        await machine.bind(path('staging'), path('target'), { readOnly })
        await machine.unmount(path('staging'))
        const expected = { kind: 'filesystem', device: device.path, root: '/', readOnly }
        expect(await machine.mountAt(path('target'))).toMatchObject(expected)
        expect((await machine.usage(path('target'))).bytes.total).toBeGreaterThan(0n)
      },
    )

    test('a device node is bound on a file', async () => {
      await machine.makeTarget(path('target'), 'file')
      await machine.bind(device.path, path('target'), { readOnly: false })
      expect(await machine.mountAt(path('target'))).toMatchObject({ kind: 'device', device: device.path })
    })

    test('a bind on nothing is refused', async () => {
      const bind = machine.bind(device.path, path('no-such-file'), { readOnly: false })
      await expect(bind).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
    })

    test('a target is made once, removed once, and never with data in it', async () => {
      await machine.makeTarget(path('target'), 'file')
      await machine.makeTarget(path('target'), 'file')
      await machine.removeTarget(path('target'))
      await machine.removeTarget(path('target'))
      expect(existsSync(path('target'))).toBe(false)
      await writeFile(path('staging/stray'), 'x')
      await expect(machine.removeTarget(path('staging'))).rejects.toMatchObject({
        reason: 'TARGET_NOT_EMPTY',
      })
    })

    test.each(['xfs', 'btrfs'] as const)('%s takes a larger device while it is mounted', async (fsType) => {
      await format(fsType)
      await mount(fsType)
      await device.grow(2 * CONTRACT_DEVICE_BYTES)
      expect(await machine.probe(device.path)).toMatchObject({ growable: true })
      const before = (await machine.usage(path('staging'))).bytes.total
      await machine.growMounted(fsType, device.path, path('staging'))
      expect((await machine.usage(path('staging'))).bytes.total).toBeGreaterThan(before)
      await machine.growMounted(fsType, device.path, path('staging'))
      await machine.unmount(path('staging'))
      expect(await machine.probe(device.path)).toMatchObject({ growable: false })
    })

    test.each(FS_TYPES.filter(growsUnmounted))(
      '%s takes a larger device while it is unmounted',
      async (fsType) => {
        await format(fsType)
        await device.grow(2 * CONTRACT_DEVICE_BYTES)
        expect(await machine.probe(device.path)).toMatchObject({ growable: true })
        await machine.growUnmounted(fsType, device.path)
        expect(await machine.probe(device.path)).toMatchObject({ growable: false })
      },
    )

    test.each(FS_TYPES.filter(needsOwnUuid))(
      'the UUID of %s is changed, but not while it is mounted',
      async (fsType) => {
        await format(fsType)
        await mount(fsType)
        const uuid = randomUUID()
        await expect(machine.setUuid(fsType, device.path, uuid)).rejects.toMatchObject({
          reason: 'COMMAND_FAILED',
        })
        await machine.unmount(path('staging'))
        await machine.setUuid(fsType, device.path, uuid)
        expect(await machine.probe(device.path)).toMatchObject({ uuid })
      },
    )

    test('what is not a device is an error', async () => {
      await expect(machine.probe('/dev/mooring-no-such-device')).rejects.toMatchObject({
        reason: 'COMMAND_FAILED',
      })
    })
  })
}
