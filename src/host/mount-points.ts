import { lstat, mkdir, open, rmdir, unlink } from 'node:fs/promises'
import { StorageError } from '../volumegroups/index.ts'

/** Makes an empty directory or file to mount on, in a directory that exists. OK when it is there. */
export async function makeMountPoint(path: string, kind: 'directory' | 'file'): Promise<void> {
  try {
    if (kind === 'directory') await mkdir(path, { mode: 0o750 })
    else await (await open(path, 'wx', 0o600)).close()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return
    throw new StorageError('COMMAND_FAILED', 'the target can not be made on this node', { cause })
  }
}

/** Removes what makeMountPoint made. What has grown holds data, written while nothing was mounted there: it stays. */
export async function removeMountPoint(path: string): Promise<void> {
  try {
    const found = await lstat(path)
    if (found.isDirectory()) return await rmdir(path)
    if (found.isFile() && found.size === 0) return await unlink(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw new StorageError('TARGET_NOT_EMPTY', 'the target can not be removed from this node', { cause })
  }
  throw new StorageError(
    'TARGET_NOT_EMPTY',
    'the target is not the empty directory or file that was made for it',
  )
}
