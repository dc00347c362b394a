import { type FileSystem, isFileSystem } from './file-systems.ts'

/** What the node must know of a volume beside its id. Set when the volume is made; it never changes and holds no secret. */
export interface VolumeContext {
  /** Of the StorageClass; undefined leaves it to the capability. */
  readonly fileSystem: FileSystem | undefined
  /** Arguments for mkfs, in order. */
  readonly mkfsOptions: readonly string[]
}

/** No slash: an option never names a file of the node. */
export const MKFS_OPTIONS = /^[A-Za-z0-9 ,=._^-]*$/

/** As a CSI volume_context, which is kept as the disk's attributes. */
export function toVolumeContext(context: VolumeContext): Record<string, string> {
  return {
    ...(context.fileSystem === undefined ? {} : { fsType: context.fileSystem }),
    ...(context.mkfsOptions.length === 0 ? {} : { mkfsOptions: context.mkfsOptions.join(' ') }),
  }
}

/** Reads what toVolumeContext wrote. Others add keys of their own (the provisioner its identity), which are left alone. */
export function parseVolumeContext(map: Readonly<Record<string, string>>): VolumeContext {
  const { fsType = '', mkfsOptions = '' } = map
  return {
    fileSystem: isFileSystem(fsType) ? fsType : undefined,
    mkfsOptions: MKFS_OPTIONS.test(mkfsOptions) ? splitOptions(mkfsOptions) : [],
  }
}

/** The words of a StorageClass's mkfsOptions. */
export const splitOptions = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')
