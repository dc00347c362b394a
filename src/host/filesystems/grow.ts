import { StorageError } from '../../volumegroups/index.ts'
import { run } from '../exec.ts'
import type { FsType } from './filesystem.ts'
import { FILESYSTEMS } from './kinds.ts'
import { firstLineOf, stderrOf } from './output.ts'

const GROW_TIMEOUT_MS = 300_000
/** A full check reads all tables of the file system. */
const CHECK_TIMEOUT_MS = 900_000
/** e2fsck(8): nothing wrong; errors corrected. */
const CHECK_OK = [0, 1]

/** Grows a mounted file system to its whole device. FILESYSTEM_GROW_REFUSED when this kernel does not allow it. */
export async function growMounted(fsType: FsType, device: string, target: string): Promise<void> {
  try {
    await run(FILESYSTEMS[fsType].growMounted(device, target), { timeoutMs: GROW_TIMEOUT_MS })
  } catch (error) {
    if (!/permission denied|operation not permitted/i.test(stderrOf(error) ?? '')) throw error
    throw new StorageError('FILESYSTEM_GROW_REFUSED', `the kernel refused to grow the mounted ${fsType}`, {
      cause: error,
    })
  }
}

/** True where a file system that the kernel refused to grow can be grown while it is unmounted. */
export const growsUnmounted = (fsType: FsType): boolean => FILESYSTEMS[fsType].growUnmounted !== undefined

/** Grows an unmounted file system to its whole device, after the check that this needs. */
export async function growUnmounted(fsType: FsType, device: string): Promise<void> {
  const commands = FILESYSTEMS[fsType].growUnmounted
  if (commands === undefined) {
    throw new StorageError('UNSUPPORTED', `${fsType} can not be grown while it is unmounted`)
  }
  try {
    await run(commands.check(device), { timeoutMs: CHECK_TIMEOUT_MS, okCodes: CHECK_OK })
  } catch (error) {
    const said = firstLineOf(error)
    if (said === undefined) throw error
    throw new StorageError('FILESYSTEM_DAMAGED', `the check before growing the ${fsType} failed: ${said}`, {
      cause: error,
    })
  }
  await run(commands.grow(device), { timeoutMs: GROW_TIMEOUT_MS })
}
