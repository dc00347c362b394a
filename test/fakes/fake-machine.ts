import { existsSync } from 'node:fs'
import type { FsType, MkfsRequest } from '../../src/host/filesystems/filesystem.ts'
import type { FilesystemMount } from '../../src/host/filesystems/mount-filesystem.ts'
import type { Content } from '../../src/host/filesystems/probe.ts'
import type { FilesystemUsage } from '../../src/host/filesystems/usage.ts'
import { makeMountPoint, removeMountPoint } from '../../src/host/mount-points.ts'
import type { Machine, MountPoint } from '../../src/node/machine.ts'
import { StorageError } from '../../src/volumegroups/index.ts'
import { FakeLuks } from './fake-luks.ts'
import type { MemoryInitiator } from './memory-initiator.ts'

type FakeMount = MountPoint & { readonly flags: readonly string[] }

/** A machine whose mounts and file systems are only in memory; target paths are real, empty directories and files. */
export class FakeMachine implements Machine {
  readonly mounts = new Map<string, FakeMount>()
  /** As without CAP_SYS_RESOURCE: the kernel does not grow a mounted ext4. */
  refusesGrowth = false
  /** Mounts whose file system is gone: asking them fails as with a FUSE file that nothing serves. */
  readonly dead = new Set<string>()
  readonly luks: FakeLuks
  readonly #initiator: MemoryInitiator

  constructor(initiator: MemoryInitiator) {
    this.#initiator = initiator
    const isMounted = (path: string) => [...this.mounts.values()].some(({ device }) => device === path)
    this.luks = new FakeLuks(initiator, isMounted)
    initiator.inUse = (path) => isMounted(path) || this.luks.holds(path)
  }

  async mountAt(path: string): Promise<MountPoint | undefined> {
    return this.mounts.get(path)
  }

  async mountFilesystem({ device, target, fsType, flags, readOnly }: FilesystemMount): Promise<void> {
    this.#refuseStacking(target)
    const { content } = this.luks.mediumAt(device).medium
    if (content.kind !== 'filesystem' || content.fsType !== fsType) {
      throw new StorageError('MOUNT_REFUSED', `${device} holds no ${fsType}`)
    }
    this.#set(device, { ...content, logDirty: false })
    this.mounts.set(target, { kind: 'filesystem', device, root: '/', readOnly, flags })
  }

  async bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void> {
    this.#refuseStacking(target)
    if (!existsSync(target)) throw new StorageError('COMMAND_FAILED', `${target} does not exist`)
    const mounted = this.mounts.get(source)
    this.mounts.set(
      target,
      mounted === undefined
        ? { kind: 'device', device: source, root: source, readOnly: false, flags: [] }
        : { ...mounted, readOnly: mounted.readOnly || options.readOnly },
    )
  }

  async unmount(path: string): Promise<void> {
    this.mounts.delete(path)
  }

  makeTarget = makeMountPoint
  removeTarget = removeMountPoint

  async probe(device: string): Promise<Content> {
    const { device: attached, medium } = this.luks.mediumAt(device)
    const { content, usedBytes } = medium
    return content.kind === 'filesystem' ? { ...content, growable: usedBytes < attached.sizeBytes } : content
  }

  async format(fsType: FsType, { device, uuid, overwrite }: MkfsRequest): Promise<void> {
    const { content } = this.luks.mediumAt(device).medium
    if (content.kind !== 'blank' && !overwrite) throw new StorageError('FORMAT_FAILED', 'it is not blank')
    this.#set(device, { kind: 'filesystem', fsType, uuid, growable: false, logDirty: false })
    this.#fill(device)
  }

  async setUuid(_fsType: FsType, device: string, uuid: string): Promise<void> {
    const { content } = this.luks.mediumAt(device).medium
    if (content.kind !== 'filesystem' || content.logDirty || this.#initiator.inUse(device)) {
      throw new StorageError('COMMAND_FAILED', 'the UUID can be changed only with a clean log, and unmounted')
    }
    this.#set(device, { ...content, uuid })
  }

  async growMounted(_fsType: FsType, device: string, target: string): Promise<void> {
    if (this.mounts.get(target)?.device !== device)
      throw new StorageError('COMMAND_FAILED', 'it is not mounted')
    if (this.refusesGrowth) throw new StorageError('FILESYSTEM_GROW_REFUSED', 'the kernel refused')
    this.#fill(device)
  }

  async growUnmounted(_fsType: FsType, device: string): Promise<void> {
    if (this.#initiator.inUse(device)) throw new StorageError('COMMAND_FAILED', 'it is mounted')
    this.#fill(device)
  }

  async usage(path: string): Promise<FilesystemUsage> {
    if (this.dead.has(path)) {
      const cause = Object.assign(new Error('not connected'), { code: 'ENOTCONN' })
      throw new StorageError('COMMAND_FAILED', 'the mount does not answer', { cause })
    }
    const total = this.luks.mediumAt(this.mounts.get(path)?.device ?? '').medium.usedBytes
    return { bytes: { total, used: 0n, available: total }, inodes: { total: 100n, used: 1n, available: 99n } }
  }

  #refuseStacking(target: string): void {
    if (this.mounts.has(target)) throw new StorageError('MOUNT_POINT_TAKEN', 'something is mounted there')
  }

  #set(device: string, content: Content): void {
    this.luks.mediumAt(device).medium.content = content
  }

  #fill(path: string): void {
    const { device, medium } = this.luks.mediumAt(path)
    medium.usedBytes = device.sizeBytes
  }
}
