import { StorageError } from '../../volumegroups/index.ts'
import { run } from '../exec.ts'
import type { FsType } from './filesystem.ts'
import { FILESYSTEMS } from './kinds.ts'

const CHANGE_TIMEOUT_MS = 60_000

/** True where each file system must have a UUID of its own to be mounted beside its source. */
export const needsOwnUuid = (fsType: FsType): boolean => FILESYSTEMS[fsType].setUuid !== undefined

/**
 * Changes the UUID of an unmounted file system. Its log must have been replayed: btrfstune keeps a log that the
 * kernel then can not read, and the file system with it.
 */
export async function setUuid(fsType: FsType, device: string, uuid: string): Promise<void> {
  const command = FILESYSTEMS[fsType].setUuid?.(device, uuid)
  if (command === undefined)
    throw new StorageError('UNSUPPORTED', `the UUID of an ${fsType} is never changed`)
  await run(command, { timeoutMs: CHANGE_TIMEOUT_MS })
}
