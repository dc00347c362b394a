import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  type AttachedDevice,
  type Connection,
  diskIds,
  type InitiatorPlug,
  serialOf,
} from '../../src/volumegroups/index.ts'

const MIB = 1024 * 1024
/** What `newDisk` makes. */
export const CONTRACT_DISK_BYTES = 64 * MIB

export interface InitiatorHarness extends AsyncDisposable {
  readonly initiator: InitiatorPlug
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

    beforeAll(async () => {
      harness = await make()
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
      await writeAt(device.path, 3 * MIB, 'kept')
      await harness.initiator.detach(connection.diskId)
      expect(await harness.initiator.find(connection.diskId)).toBeUndefined()
      const again = await harness.initiator.attach(connection)
      expect(await readAt(again.path, 3 * MIB, 4)).toBe('kept')
    })

    test('attaching again, also at the same time, gives the same device', async () => {
      const [connection, device] = await attached()
      const again = await Promise.all([1, 2, 3].map(() => harness.initiator.attach(connection)))
      expect(again).toEqual([device, device, device])
    })

    test('disks are apart from each other', async () => {
      const [, first] = await attached()
      const [, second] = await attached()
      await writeAt(first.path, 0, 'first')
      await writeAt(second.path, 0, 'other')
      expect(await readAt(first.path, 0, 5)).toBe('first')
      expect(await readAt(second.path, 0, 5)).toBe('other')
    })

    test('a read-only disk can be read and refuses writes', async () => {
      const [connection, device] = await attached({ readOnly: true })
      expect(device.readOnly).toBe(true)
      expect(await readAt(device.path, 0, 4)).toBe('\0\0\0\0')
      await expect(writeAt(device.path, 0, 'x')).rejects.toMatchObject({ code: 'EPERM' })
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
      const file = await open(device.path, 'r+')
      onTestFinished(() => file.close())
      await harness.grow(connection, larger)
      expect(await harness.initiator.refreshSize(connection.diskId)).toEqual({
        ...device,
        sizeBytes: BigInt(larger),
      })
      await file.write('end', larger - 4096)
      await file.sync()
      expect(await readAt(device.path, larger - 4096, 3)).toBe('end')
    })

    test('a disk that is in use is not detached', async () => {
      const [connection, device] = await attached()
      const holder = await open(device.path, constants.O_RDONLY | constants.O_EXCL) // what a mount does
      const refused = harness.initiator.detach(connection.diskId)
      await expect(refused).rejects.toMatchObject({ reason: 'DEVICE_IN_USE' })
      await holder.close()
      expect(await harness.initiator.find(connection.diskId)).toEqual(device)
    })

    test('another object finds what is attached and detaches it', async () => {
      const [connection, device] = await attached()
      await writeAt(device.path, MIB, 'before')
      const next = await harness.restart()
      expect(await next.find(connection.diskId)).toEqual(device)
      expect(await next.attach(connection)).toEqual(device)
      expect(await readAt(device.path, MIB, 6)).toBe('before')
      await next.detach(connection.diskId)
      expect(await harness.initiator.find(connection.diskId)).toBeUndefined()
    })
  })
}

async function writeAt(path: string, position: number, text: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.write(text, position)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function readAt(path: string, position: number, length: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, position)
    return buffer.toString()
  } finally {
    await file.close()
  }
}
