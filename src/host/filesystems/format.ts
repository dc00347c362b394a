import { StorageError } from '../../volumegroups/index.ts'
import { assertIdle } from '../block-devices.ts'
import { run } from '../exec.ts'
import type { FsType, MkfsRequest } from './filesystem.ts'
import { FILESYSTEMS } from './kinds.ts'
import { firstLineOf } from './output.ts'

const MKFS_TIMEOUT_MS = 300_000
/** The kernel claims a loop device for a moment also when another attach tries it in vain (LOOP_CONFIGURE). */
const IN_USE = /in use by the system|device or resource busy/i

/** Throws SIZE_OUT_OF_RANGE for a device on which mkfs would make no such file system. */
export function checkFormatSize(fsType: FsType, sizeBytes: bigint): void {
  const { minSizeBytes } = FILESYSTEMS[fsType]
  if (sizeBytes >= minSizeBytes) return
  throw new StorageError(
    'SIZE_OUT_OF_RANGE',
    `${fsType} needs at least ${minSizeBytes} bytes, not ${sizeBytes}`,
  )
}

/** Makes a file system. The caller has made sure that the device is blank, or holds only an unfinished one. */
export async function format(fsType: FsType, request: MkfsRequest): Promise<void> {
  await assertIdle(request.device) // an mkfs of a node that died can still be at work
  const command = FILESYSTEMS[fsType].mkfs(request)
  try {
    await run(command, { timeoutMs: MKFS_TIMEOUT_MS })
  } catch (error) {
    const said = firstLineOf(error)
    if (said === undefined) throw error
    if (IN_USE.test(said)) {
      throw new StorageError('DEVICE_IN_USE', `${command.file} found the device in use`, { cause: error })
    }
    throw new StorageError('FORMAT_FAILED', `${command.file} failed: ${said}`, { cause: error })
  }
}
