import { StorageError } from '../../volumegroups/index.ts'
import { assertIdle, deviceSizeBytes } from '../block-devices.ts'
import { run } from '../exec.ts'
import type { FsType, MkfsRequest } from './filesystem.ts'
import { FILESYSTEMS } from './kinds.ts'
import { firstLineOf } from './output.ts'

const MKFS_TIMEOUT_MS = 300_000

/** Makes a file system. The caller has made sure that the device is blank, or holds only an unfinished one. */
export async function format(fsType: FsType, request: MkfsRequest): Promise<void> {
  const { mkfs, minSizeBytes } = FILESYSTEMS[fsType]
  if ((await deviceSizeBytes(request.device)) < minSizeBytes) {
    throw new StorageError('FORMAT_FAILED', `${fsType} needs a volume of at least ${minSizeBytes} bytes`)
  }
  await assertIdle(request.device) // an mkfs of a node that died can still be at work
  const command = mkfs(request)
  try {
    await run(command, { timeoutMs: MKFS_TIMEOUT_MS })
  } catch (error) {
    const said = firstLineOf(error)
    if (said === undefined) throw error
    throw new StorageError('FORMAT_FAILED', `${command.file} failed: ${said}`, { cause: error })
  }
}
