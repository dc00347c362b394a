import { close, openSync } from 'node:fs'
import { mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { run } from '../../../host/exec.ts'
import { unmount } from '../../../host/mounts.ts'
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

/** Takes the mount away, dead or alive, and the file under it. OK when there is neither. */
export async function unmountFuse(file: string): Promise<void> {
  await unmount(file)
  await rm(file, { force: true })
}
