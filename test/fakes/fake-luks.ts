import { basename } from 'node:path'
import type { Content } from '../../src/host/filesystems/probe.ts'
import type { LuksDevice, LuksKey, LuksLabel, PlainDevice } from '../../src/host/luks.ts'
import type { Luks } from '../../src/node/machine.ts'
import { type AttachedDevice, type DiskId, StorageError } from '../../src/volumegroups/index.ts'
import type { Medium, MemoryInitiator } from './memory-initiator.ts'

interface Opened {
  readonly below: AttachedDevice
  readonly path: string
  sizeBytes: bigint
}

/** The space that a LUKS2 header takes. */
const HEADER_BYTES = 16n * 1024n * 1024n

/** Encryption of the disks of a MemoryInitiator: a header, a key and what is inside, which reads as noise when new. */
export class FakeLuks implements Luks {
  readonly #initiator: MemoryInitiator
  readonly #isMounted: (path: string) => boolean
  readonly #keys = new Map<DiskId, LuksKey>()
  readonly #insides = new Map<DiskId, Medium>()
  readonly #opened = new Map<string, Opened>()

  constructor(initiator: MemoryInitiator, isMounted: (path: string) => boolean) {
    this.#initiator = initiator
    this.#isMounted = isMounted
  }

  async format(device: string, uuid: string, key: LuksKey): Promise<void> {
    const { device: attached, medium } = this.#initiator.mediumAt(device)
    medium.content = { kind: 'encrypted', uuid, label: 'mooring-new' }
    this.#keys.set(attached.diskId, key)
    this.#insides.set(attached.diskId, {
      content: { kind: 'unrecognised', what: 'noise' },
      usedBytes: 0n,
    })
  }

  async open({ device, name }: LuksDevice, _options: object, key: LuksKey): Promise<void> {
    const { device: below } = this.#initiator.mediumAt(device)
    if (this.#keys.get(below.diskId) !== key) {
      throw new StorageError('ENCRYPTION_KEY_WRONG', 'no key slot opens')
    }
    if (this.#opened.has(name)) throw new StorageError('DEVICE_IN_USE', `${name} is open`)
    const path = `/dev/dm-${basename(device)}`
    this.#opened.set(name, { below, path, sizeBytes: below.sizeBytes - HEADER_BYTES })
  }

  async find({ device, name }: LuksDevice): Promise<PlainDevice | undefined> {
    const found = this.#opened.get(name)
    return found?.below.path === device ? { path: found.path, sizeBytes: found.sizeBytes } : undefined
  }

  async resize(name: string, key: LuksKey): Promise<void> {
    const found = this.#opened.get(name)
    if (found === undefined) throw new StorageError('COMMAND_FAILED', `${name} is not open`)
    if (this.#keys.get(found.below.diskId) !== key) {
      throw new StorageError('ENCRYPTION_KEY_WRONG', 'no key slot opens')
    }
    found.sizeBytes = this.#initiator.mediumAt(found.below.path).device.sizeBytes - HEADER_BYTES
  }

  async setLabel(device: string, label: LuksLabel): Promise<void> {
    this.#change(device, { label })
  }

  async setUuid(device: string, uuid: string): Promise<void> {
    this.#change(device, { uuid })
  }

  async close(name: string): Promise<void> {
    const found = this.#opened.get(name)
    if (found !== undefined && this.#isMounted(found.path)) {
      throw new StorageError('DEVICE_IN_USE', `${name} is mounted`)
    }
    this.#opened.delete(name)
  }

  /** Names of what is open. */
  list(): readonly string[] {
    return [...this.#opened.keys()]
  }

  /** Whether something is open on the device. */
  holds(path: string): boolean {
    return [...this.#opened.values()].some(({ below }) => below.path === path)
  }

  /** What is on a device: inside, if it is the plain side of one. */
  mediumAt(path: string): { readonly device: AttachedDevice; readonly medium: Medium } {
    const found = [...this.#opened.values()].find((opened) => opened.path === path)
    if (found === undefined) return this.#initiator.mediumAt(path)
    const { below, sizeBytes } = found
    return { device: { ...below, path, sizeBytes }, medium: this.#insides.get(below.diskId)! }
  }

  #change(device: string, change: Partial<Extract<Content, { kind: 'encrypted' }>>): void {
    const { medium } = this.#initiator.mediumAt(device)
    if (medium.content.kind !== 'encrypted') throw new StorageError('COMMAND_FAILED', 'it has no header')
    medium.content = { ...medium.content, ...change }
  }
}
