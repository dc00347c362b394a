import type { Command } from '../exec.ts'

export const FS_TYPES = ['ext4', 'xfs', 'btrfs'] as const
export type FsType = (typeof FS_TYPES)[number]

export const isFsType = (text: string): text is FsType => (FS_TYPES as readonly string[]).includes(text)

/** What a file system's superblock says that matters here. */
export interface Superblock {
  /** How much of the device the file system uses. */
  readonly sizeBytes: bigint
  /** A device that is larger by less than this can not be used better. */
  readonly growthStepBytes: bigint
  /** A journal or log waits to be replayed. */
  readonly logDirty: boolean
  /** The program that made it did not end. */
  readonly unfinished: boolean
}

export interface MkfsRequest {
  readonly device: string
  readonly options: readonly string[]
  /** The UUID that the file system gets where it matters for telling clones apart. */
  readonly uuid: string
  /** Also over the remains of a file system. */
  readonly overwrite: boolean
}

/** What differs between file systems: where their superblock is, and the commands for them, as data. */
export interface Filesystem {
  /** Smaller devices are refused by mkfs. */
  readonly minSizeBytes: bigint
  readonly superblock: { readonly offset: bigint; readonly length: number }
  parse(superblock: Buffer): Superblock
  mkfs(request: MkfsRequest): Command
  /**
   * Changes the UUID of an unmounted file system whose log is clean; undefined where two with one UUID can be
   * mounted side by side as they are.
   */
  readonly setUuid: ((device: string, uuid: string) => Command) | undefined
  /** Options that every mount gets. */
  readonly mountOptions: readonly string[]
  /** Takes the whole device, while mounted at the target. */
  growMounted(device: string, target: string): Command
  /** The same while unmounted, for the kernel that refuses it mounted; undefined where that never happens. */
  readonly growUnmounted: { check(device: string): Command; grow(device: string): Command } | undefined
}
