import { StorageError } from '../../volumegroups/index.ts'
import { mount } from '../mounts.ts'
import type { FsType } from './filesystem.ts'
import { FILESYSTEMS } from './kinds.ts'
import { firstLineOf, stderrOf } from './output.ts'

export interface FilesystemMount {
  readonly device: string
  readonly target: string
  readonly fsType: FsType
  readonly flags: readonly string[]
  readonly readOnly: boolean
}

/** What mount(8) says when the file system itself is at fault. */
const DAMAGE = /structure needs cleaning|can't read superblock|bad message|input\/output error/i

/** Mounts as asked or not at all: never read-only when it was to be writable, never with fewer flags. */
export async function mountFilesystem(spec: FilesystemMount): Promise<void> {
  const { device, target, fsType, flags, readOnly } = spec
  const access = readOnly ? 'ro' : 'rw'
  const asked = flags.filter((flag) => flag !== 'ro' && flag !== 'rw')
  const options = [access, ...FILESYSTEMS[fsType].mountOptions, ...asked]
  try {
    await mount({ source: device, target, fsType, options })
  } catch (error) {
    const said = firstLineOf(error)
    if (said === undefined) throw error
    const damaged = DAMAGE.test(stderrOf(error) ?? '')
    throw new StorageError(
      damaged ? 'FILESYSTEM_DAMAGED' : 'MOUNT_REFUSED',
      `the ${fsType} of the volume could not be mounted with the flags "${options.join(',')}": ${said}`,
      { cause: error },
    )
  }
}
