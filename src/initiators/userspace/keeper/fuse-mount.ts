import { close, openSync } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../../host/exec.ts'
import { unmount } from '../../../host/mounts.ts'
import { StorageError } from '../../../volumegroups/index.ts'
import { MAX_IO_BYTES } from '../fuse/protocol.ts'

const OPTIONS = [
  'fd=3',
  'rootmode=100000', // a regular file
  'user_id=0',
  'group_id=0',
  'allow_other',
  'default_permissions',
  `max_read=${MAX_IO_BYTES}`,
]

/** mount(8): the system call failed. */
const BUSY_EXIT_CODE = 32
const UNMOUNT_TRIES = 50
const UNMOUNT_RETRY_MS = 40

export const openFuse = (): number => openSync('/dev/fuse', 'r+')

/** Off the main thread: the last close of a mounted descriptor ends every request of that file. */
export const closeFuse = (fd: number): void => close(fd, () => {})

/** Mounts what is served on the descriptor at `file`, which is made if it is not there. */
export async function mountFuse(fd: number, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await (await open(file, 'a', 0o600)).close()
  const args = [
    '--internal-only',
    '--no-mtab',
    '-t',
    'fuse.mooring',
    '-o',
    OPTIONS.join(','),
    'mooring',
    file,
  ]
  await run({ file: 'mount', args }, { fds: [fd] })
}

/** Fails every request of the file from now on, also those under way. The mount goes only if nobody uses it. */
export async function abortFuse(file: string): Promise<void> {
  const args = ['--internal-only', '--no-mtab', '--no-canonicalize', '--force', '--', file]
  await run({ file: 'umount', args }, { okCodes: [0, BUSY_EXIT_CODE] })
}

/**
 * Takes the mount away, dead or alive, and the file under it. OK when there is neither. MOUNT_BUSY when somebody has
 * the file open for longer than a moment: the kernel lets go of a detached loop device's file a little later.
 */
export async function unmountFuse(file: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await unmount(file)
      break
    } catch (error) {
      const busy = error instanceof StorageError && error.reason === 'MOUNT_BUSY'
      if (!busy || attempt === UNMOUNT_TRIES) throw error
      await sleep(UNMOUNT_RETRY_MS)
    }
  }
  await rm(file, { force: true })
}
