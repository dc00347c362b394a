import type { Content } from '../../src/host/filesystems/probe.ts'
import {
  type AttachedDevice,
  type Connection,
  type DiskId,
  type DiskSession,
  type InitiatorPlug,
  type RepairFault,
  StorageError,
} from '../../src/volumegroups/index.ts'

/** What is on a disk, as far as a fake machine can tell. It outlives being detached. */
export interface Medium {
  content: Content
  /** How much of the disk its file system uses. */
  usedBytes: bigint
}

/** The Initiator plug without I/O: a disk becomes a device of a new name, whose medium a FakeMachine works on. */
export class MemoryInitiator implements InitiatorPlug {
  readonly media = new Map<DiskId, Medium>()
  /** The sessions that are not connected. */
  readonly lost = new Map<DiskId, Omit<DiskSession, 'diskId'>>()
  /** Says whether something on the node uses the device; such a device is not detached. */
  inUse: (path: string) => boolean = () => false
  /** The size that the target has now; a change is seen at attach and refreshSize. */
  readonly #targetSizes: (diskId: DiskId) => Promise<bigint>
  readonly #devices = new Map<DiskId, AttachedDevice>()
  #next = 0

  constructor(targetSizes: (diskId: DiskId) => Promise<bigint>) {
    this.#targetSizes = targetSizes
  }

  async attach({ diskId, readOnly }: Connection): Promise<AttachedDevice> {
    const found = this.#devices.get(diskId)
    if (found !== undefined) return found
    const path = `/dev/memory${this.#next++}`
    const device = { diskId, path, sizeBytes: await this.#targetSizes(diskId), readOnly }
    this.#devices.set(diskId, device)
    if (!this.media.has(diskId)) this.media.set(diskId, { content: { kind: 'blank' }, usedBytes: 0n })
    return device
  }

  async find(diskId: DiskId): Promise<AttachedDevice | undefined> {
    return this.#devices.get(diskId)
  }

  async refreshSize(diskId: DiskId): Promise<AttachedDevice> {
    const found = this.#devices.get(diskId)
    if (found === undefined) throw new StorageError('INITIATOR_UNAVAILABLE', `${diskId} is not attached`)
    const device = { ...found, sizeBytes: await this.#targetSizes(diskId) }
    this.#devices.set(diskId, device)
    return device
  }

  async detach(diskId: DiskId): Promise<void> {
    const found = this.#devices.get(diskId)
    if (found !== undefined && this.inUse(found.path)) {
      throw new StorageError('STEP_TIMED_OUT', `${found.path} is still in use by a mount on this host`)
    }
    this.#devices.delete(diskId)
    this.lost.delete(diskId)
  }

  async list(): Promise<readonly AttachedDevice[]> {
    return [...this.#devices.values()]
  }

  async sessions(): Promise<readonly DiskSession[]> {
    return [...this.#devices.keys()].map((diskId) => ({
      diskId,
      state: 'connected',
      detail: '',
      ...this.lost.get(diskId),
    }))
  }

  /** As after a reboot: nothing is attached any more, and nobody was asked. */
  forget(): void {
    this.#devices.clear()
  }

  /** The medium of an attached device. */
  mediumAt(path: string): { readonly device: AttachedDevice; readonly medium: Medium } {
    const device = [...this.#devices.values()].find((attached) => attached.path === path)
    const medium = device && this.media.get(device.diskId)
    if (device === undefined || medium === undefined) {
      throw new StorageError('COMMAND_FAILED', `${path} is not a block device of this host`)
    }
    return { device, medium }
  }

  async lose(diskId: DiskId, why: string): Promise<void> {
    if (this.#devices.has(diskId)) this.lost.set(diskId, { state: 'failed', detail: why })
  }

  async repair(): Promise<readonly RepairFault[]> {
    return []
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
