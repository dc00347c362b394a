import { StorageError } from '../volumegroups/index.ts'
import { type FileSystem, isFileSystem } from './file-systems.ts'

/** What the node must know of a volume beside its id. Set when the volume is made; it never changes and holds no secret. */
export interface VolumeContext {
  /** Undefined leaves it to the capability. */
  readonly fileSystem: FileSystem | undefined
  /** Arguments for mkfs, as the StorageClass has them; empty for none. The node allows each file system its own. */
  readonly mkfsOptions: string
  /** Undefined: in the clear. */
  readonly encryption: Encryption | undefined
}

export type Encryption = 'luks'
export const isEncryption = (text: string): text is Encryption => text === 'luks'

/** As a CSI volume_context, which is kept as the disk's attributes. */
export function toVolumeContext({
  fileSystem,
  mkfsOptions,
  encryption,
}: VolumeContext): Record<string, string> {
  return {
    ...(fileSystem === undefined ? {} : { fsType: fileSystem }),
    ...(mkfsOptions === '' ? {} : { mkfsOptions }),
    ...(encryption === undefined ? {} : { encryption }),
  }
}

/** Reads what toVolumeContext wrote. Others add keys of their own (the provisioner its identity), which are left alone. */
export function parseVolumeContext(map: Readonly<Record<string, string>>): VolumeContext {
  const { fsType = '', mkfsOptions = '', encryption = '' } = map
  return {
    fileSystem: isFileSystem(fsType) ? fsType : undefined,
    mkfsOptions,
    encryption: encryption === '' ? undefined : parseEncryption(encryption),
  }
}

/** One that this version does not know must not become none. */
function parseEncryption(text: string): Encryption {
  if (isEncryption(text)) return text
  throw new StorageError('INVALID_ARGUMENT', `volume_context.encryption is ${JSON.stringify(text)}, not luks`)
}
