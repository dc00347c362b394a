import type { FsType, MkfsRequest } from '../host/filesystems/filesystem.ts'
import type { FilesystemMount } from '../host/filesystems/mount-filesystem.ts'
import type { Content } from '../host/filesystems/probe.ts'
import type { FilesystemUsage } from '../host/filesystems/usage.ts'
import type { LuksDevice, LuksKey, LuksLabel, PlainDevice } from '../host/luks.ts'
import type { AttachedDevice } from '../volumegroups/index.ts'

/** What is mounted at a path. */
export interface MountPoint {
  /** `device`: the node of a block device is shown at the path. */
  readonly kind: 'filesystem' | 'device'
  /** The block device behind it, such as `/dev/loop3`; undefined when there is none, or none any more. */
  readonly device: string | undefined
  /** The path inside the file system that is shown. */
  readonly root: string
  readonly readOnly: boolean
}

/** The node's own machine, as far as staging and publishing need it. Every method throws StorageError. */
export interface Machine {
  /** What is mounted at exactly this path, found without touching it; undefined when nothing is. */
  mountAt(path: string): Promise<MountPoint | undefined>
  /** Mounts as asked or not at all. Refuses a path at which something is mounted. */
  mountFilesystem(spec: FilesystemMount): Promise<void>
  /** Shows a directory or device node at another path, at which nothing is mounted. */
  bind(source: string, target: string, options: { readonly readOnly: boolean }): Promise<void>
  /** Takes away whatever is mounted at the path, also when it is dead. OK when nothing is. */
  unmount(path: string): Promise<void>

  /** Makes a target to mount on, in a directory that exists. OK when it is there. */
  makeTarget(path: string, kind: 'directory' | 'file'): Promise<void>
  /** Removes a target; never anything that holds data. OK when it is gone. */
  removeTarget(path: string): Promise<void>

  /** Says what the device holds, mounted or not. Any doubt is an error, never `blank`. */
  probe(device: string): Promise<Content>
  format(fsType: FsType, request: MkfsRequest): Promise<void>
  /** Of an unmounted file system with a clean log. */
  setUuid(fsType: FsType, device: string, uuid: string): Promise<void>
  /** FILESYSTEM_GROW_REFUSED when the kernel does not grow it while it is mounted. */
  growMounted(fsType: FsType, device: string, target: string): Promise<void>
  growUnmounted(fsType: FsType, device: string): Promise<void>
  readonly luks: Luks

  /** In a bounded time, also when the mount is dead. */
  usage(path: string): Promise<FilesystemUsage>
}

/** Encryption at rest. Keys are held no longer than a call. */
export interface Luks {
  /** Of a device that the caller knows to be blank. Its label says that nothing is inside yet. */
  format(device: string, uuid: string, key: LuksKey): Promise<void>
  /** ENCRYPTION_KEY_WRONG when the key does not open it. */
  open(target: LuksDevice, options: { readonly readOnly: boolean }, key: LuksKey): Promise<void>
  /** The plain side, while it is open and on this very device. */
  find(target: LuksDevice): Promise<PlainDevice | undefined>
  /** Takes over the size of the device, while in use. */
  resize(name: string, key: LuksKey): Promise<void>
  setLabel(device: string, label: LuksLabel): Promise<void>
  setUuid(device: string, uuid: string): Promise<void>
  /** OK when it is closed, whatever became of the device. */
  close(name: string): Promise<void>
}

/** Whether it is a mount of the file system on this very device. */
export const isMountOf = (mounted: MountPoint, device: Pick<AttachedDevice, 'path'>): boolean =>
  mounted.kind === 'filesystem' && mounted.device === device.path
