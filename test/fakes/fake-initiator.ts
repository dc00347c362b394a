import { mkdir, open, readdir, realpath, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { assertIdle } from '../../src/host/block-devices.ts'
import { run } from '../../src/host/exec.ts'
import {
  attachLoop,
  detachLoop,
  isLoopReadOnly,
  loopSizeBytes,
  loopsOf,
  refreshLoopSize,
} from '../../src/host/loop-devices.ts'
import { createSerializer } from '../../src/host/serialize.ts'
import {
  type AttachedDevice,
  type Connection,
  type DiskId,
  type DiskSession,
  diskIds,
  type InitiatorPlug,
  type RepairFault,
  StorageError,
  serialOf,
} from '../../src/volumegroups/index.ts'

export interface FakeInitiatorOptions {
  /** Where it keeps its disks; another object on the same folder finds what is attached. */
  readonly folder: string
  /** The file that holds the disk's data. Default: a sparse file in the folder, of the connection's size. */
  readonly backingOf?: (connection: Connection) => string
}

/** An initiator with no iSCSI: each disk is a file with a loop device. Needs root. */
export class FakeInitiator implements InitiatorPlug {
  /** Thrown by the next call that attaches, detaches or refreshes. */
  nextError: StorageError | undefined
  readonly #options: FakeInitiatorOptions
  readonly #serialize = createSerializer(8)
  readonly #lost = new Map<DiskId, string>()

  constructor(options: FakeInitiatorOptions) {
    this.#options = options
  }

  /** The disk's entry in the folder: its file, or a link to it. */
  fileOf(diskId: DiskId): string {
    return join(this.#options.folder, diskId)
  }

  attach(connection: Connection): Promise<AttachedDevice> {
    const { diskId, readOnly } = connection
    return this.#serialize(diskId, async () => {
      this.#failIfAsked()
      if (connection.serial !== serialOf(diskId)) {
        throw new StorageError('IDENTITY_MISMATCH', `${diskId} has another serial than ${connection.serial}`)
      }
      const present = await this.find(diskId)
      if (present !== undefined) return sameAccess(present, readOnly)
      const file = await this.#makeFile(connection)
      return describe(diskId, await attachLoop(file, { directIo: false, sectorSize: 4096, readOnly }))
    })
  }

  async find(diskId: DiskId): Promise<AttachedDevice | undefined> {
    const file = await realpath(this.fileOf(diskId)).catch(() => undefined)
    const [device] = file === undefined ? [] : await loopsOf(file)
    return device === undefined ? undefined : describe(diskId, device)
  }

  async refreshSize(diskId: DiskId): Promise<AttachedDevice> {
    this.#failIfAsked()
    const device = await this.find(diskId)
    if (device === undefined) throw new StorageError('ATTACHMENT_NOT_FOUND', `${diskId} is not attached`)
    await refreshLoopSize(device.path)
    return describe(diskId, device.path)
  }

  detach(diskId: DiskId): Promise<void> {
    return this.#serialize(diskId, async () => {
      this.#failIfAsked()
      const device = await this.find(diskId)
      if (device === undefined) return
      await assertIdle(device.path)
      await run({ file: 'sync', args: [device.path] })
      await detachLoop(device.path)
      this.#lost.delete(diskId)
    })
  }

  async list(): Promise<readonly AttachedDevice[]> {
    const names: readonly string[] = await readdir(this.#options.folder).catch(() => [])
    const found = await Promise.all(
      names.filter((name) => diskIds.is(name)).map((diskId) => this.find(diskId)),
    )
    return found.filter((device) => device !== undefined)
  }

  async sessions(): Promise<readonly DiskSession[]> {
    return (await this.list()).map(({ diskId }) => {
      const why = this.#lost.get(diskId)
      return { diskId, state: why === undefined ? 'connected' : 'failed', detail: why ?? '' }
    })
  }

  async lose(diskId: DiskId, why: string): Promise<void> {
    if ((await this.find(diskId)) !== undefined) this.#lost.set(diskId, why)
  }

  async repair(): Promise<readonly RepairFault[]> {
    return []
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #makeFile(connection: Connection): Promise<string> {
    await mkdir(this.#options.folder, { recursive: true })
    const entry = this.fileOf(connection.diskId)
    const backing = this.#options.backingOf?.(connection)
    if (backing !== undefined) {
      await symlink(backing, entry).catch(() => {}) // it was attached before
      return realpath(entry)
    }
    const file = await open(entry, 'a')
    if ((await file.stat()).size === 0) await file.truncate(Number(connection.sizeBytes))
    await file.close()
    return entry
  }

  #failIfAsked(): void {
    const error = this.nextError
    this.nextError = undefined
    if (error !== undefined) throw error
  }
}

async function describe(diskId: DiskId, path: string): Promise<AttachedDevice> {
  return { diskId, path, sizeBytes: await loopSizeBytes(path), readOnly: await isLoopReadOnly(path) }
}

function sameAccess(device: AttachedDevice, readOnly: boolean): AttachedDevice {
  if (device.readOnly === readOnly) return device
  throw new StorageError('ATTACHED_DIFFERENTLY', `${device.diskId} is attached with other access`)
}
