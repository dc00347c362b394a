import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  type AttachedDevice,
  type Connection,
  diskIds,
  type InitiatorPlug,
  serialOf,
} from '../../src/volumegroups/index.ts'
import { type DeviceAccess, localDevices } from './device-access.ts'

const MIB = 1024 * 1024
/** What `newDisk` makes. */
export const CONTRACT_DISK_BYTES = 64 * MIB

export interface InitiatorHarness extends AsyncDisposable {
  readonly initiator: InitiatorPlug
  /** Left out: the initiator runs on this machine. */
  readonly devices?: DeviceAccess
  /** A blank disk of CONTRACT_DISK_BYTES that was granted. */
  newDisk(access?: { readonly readOnly: boolean }): Promise<Connection>
  /** Makes the disk larger where it is stored. */
  grow(connection: Connection, sizeBytes: number): Promise<void>
  /** Another object in place of the first, as after a restart of the node's process. */
  restart(): Promise<InitiatorPlug>
}

/** What every InitiatorPlug keeps. Needs root: the devices are real. */
export function initiatorContract(name: string, make: () => Promise<InitiatorHarness>): void {
  describe(name, () => {
    let harness: InitiatorHarness
    let devices: DeviceAccess

    beforeAll(async () => {
      harness = await make()
      devices = harness.devices ?? localDevices
    })

    afterAll(async () => {
      await harness?.[Symbol.asyncDispose]()
    })

    /** A new disk, attached for the length of the test. */
    async function attached(access?: { readOnly: boolean }): Promise<[Connection, AttachedDevice]> {
      const connection = await harness.newDisk(access)
      onTestFinished(() => harness.initiator.detach(connection.diskId))
      return [connection, await harness.initiator.attach(connection)]
    }

    test('an attached disk is a block device of the right size', async () => {
      const [connection, device] = await attached()
      expect(device).toMatchObject({
        diskId: connection.diskId,
        path: expect.stringMatching(/^\/dev\//),
        sizeBytes: BigInt(CONTRACT_DISK_BYTES),
        readOnly: false,
      })
      expect(await harness.initiator.find(connection.diskId)).toEqual(device)
      expect(await harness.initiator.list()).toContainEqual(device)
      const session = { diskId: connection.diskId, state: 'connected', detail: '' }
      expect(await harness.initiator.sessions()).toContainEqual(session)
    })

    test('what was written is there after the disk was detached and attached again', async () => {
      const [connection, device] = await attached()
      await devices.write(device.path, 3 * MIB, 'kept')
      await harness.initiator.detach(connection.diskId)
      expect(await harness.initiator.find(connection.diskId)).toBeUndefined()
      const again = await harness.initiator.attach(connection)
      expect(await devices.read(again.path, 3 * MIB, 4)).toBe('kept')
    })

    test('attaching again, also at the same time, gives the same device', async () => {
      const [connection, device] = await attached()
      const again = await Promise.all([1, 2, 3].map(() => harness.initiator.attach(connection)))
      expect(again).toEqual([device, device, device])
    })

    test('disks are apart from each other', async () => {
      const [, first] = await attached()
      const [, second] = await attached()
      await devices.write(first.path, 0, 'first')
      await devices.write(second.path, 0, 'other')
      expect(await devices.read(first.path, 0, 5)).toBe('first')
      expect(await devices.read(second.path, 0, 5)).toBe('other')
    })

    test('a read-only disk can be read and refuses writes', async () => {
      const [connection, device] = await attached({ readOnly: true })
      expect(device.readOnly).toBe(true)
      expect(await devices.read(device.path, 0, 4)).toBe('\0\0\0\0')
      await expect(devices.write(device.path, 0, 'x')).rejects.toMatchObject({
        code: expect.stringMatching(/^(EPERM|EROFS)$/), // a kernel refuses the write, or to open it for that
      })
      await expect(harness.initiator.attach({ ...connection, readOnly: false })).rejects.toMatchObject({
        reason: 'ATTACHED_DIFFERENTLY',
      })
    })

    test('a disk that is not attached is not found, and detaching it does nothing', async () => {
      const diskId = diskIds.create()
      expect(await harness.initiator.find(diskId)).toBeUndefined()
      await harness.initiator.detach(diskId)
      await expect(harness.initiator.refreshSize(diskId)).rejects.toMatchObject({
        reason: 'ATTACHMENT_NOT_FOUND',
      })
    })

    test('a disk with another serial is refused and leaves nothing', async () => {
      const connection = await harness.newDisk()
      const other = serialOf(diskIds.create())
      await expect(harness.initiator.attach({ ...connection, serial: other })).rejects.toMatchObject({
        reason: 'IDENTITY_MISMATCH',
      })
      expect(await harness.initiator.find(connection.diskId)).toBeUndefined()
    })

    test('a disk grows while it is open', async () => {
      const [connection, device] = await attached()
      const larger = CONTRACT_DISK_BYTES + 16 * MIB
      await using _open = await devices.hold(device.path, 'shared')
      await harness.grow(connection, larger)
      expect(await harness.initiator.refreshSize(connection.diskId)).toEqual({
        ...device,
        sizeBytes: BigInt(larger),
      })
      await devices.write(device.path, larger - 4096, 'end')
      expect(await devices.read(device.path, larger - 4096, 3)).toBe('end')
    })

    test('a disk that is in use is not detached', async () => {
      const [connection, device] = await attached()
      const holder = await devices.hold(device.path, 'alone')
      const refused = harness.initiator.detach(connection.diskId)
      await expect(refused).rejects.toMatchObject({ reason: 'DEVICE_IN_USE' })
      await holder[Symbol.asyncDispose]()
      expect(await harness.initiator.find(connection.diskId)).toEqual(device)
    })

    test('a lost disk has failed for good, until it is detached and attached anew', async () => {
      const [connection] = await attached()
      const { diskId } = connection
      for (let time = 0; time < 2; time += 1) await harness.initiator.lose(diskId, 'it was taken away')
      const failed = { diskId, state: 'failed', detail: expect.any(String) }
      expect(await harness.initiator.sessions()).toContainEqual(failed)
      await harness.initiator.detach(diskId)
      await harness.initiator.lose(diskId, 'it is not here')
      await harness.initiator.attach(connection)
      const connected = { diskId, state: 'connected', detail: '' }
      expect(await harness.initiator.sessions()).toContainEqual(connected)
    })

    test('another object finds what is attached and detaches it', async () => {
      const [connection, device] = await attached()
      await devices.write(device.path, MIB, 'before')
      const next = await harness.restart()
      expect(await next.find(connection.diskId)).toEqual(device)
      expect(await next.attach(connection)).toEqual(device)
      expect(await devices.read(device.path, MIB, 6)).toBe('before')
      await next.detach(connection.diskId)
      expect(await harness.initiator.find(connection.diskId)).toBeUndefined()
    })
  })
}
