import { btrfs } from './btrfs.ts'
import { ext4 } from './ext4.ts'
import type { Filesystem, FsType } from './filesystem.ts'
import { xfs } from './xfs.ts'

export const FILESYSTEMS: Readonly<Record<FsType, Filesystem>> = { ext4, xfs, btrfs }
