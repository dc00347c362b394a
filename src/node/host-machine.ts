import { lstat, mkdir, open, rmdir, unlink } from 'node:fs/promises'
import { deviceNumberOf, devicePathOf } from '../host/block-devices.ts'
import { format } from '../host/filesystems/format.ts'
import { growMounted, growUnmounted } from '../host/filesystems/grow.ts'
import { setUuid } from '../host/filesystems/identity.ts'
import { mountFilesystem } from '../host/filesystems/mount-filesystem.ts'
import { probe } from '../host/filesystems/probe.ts'
import { UsageReader } from '../host/filesystems/usage.ts'
import { bindMount, findMount, type Mount, unmount } from '../host/mounts.ts'
import { StorageError } from '../volumegroups/index.ts'
import type { Machine, MountPoint } from './machine.ts'

/** The machine that this process runs on. */
export function createHostMachine(): Machine {
  const usage = new UsageReader()
  return {
    mountAt,
    mountFilesystem,
    bind: bindMount,
    unmount,
    makeTarget,
    removeTarget,
    probe,
    format,
    setUuid,
    growMounted,
    growUnmounted,
    usage: (path) => usage.read(path),
  }
}

/** Where device nodes live: looking at a node there can not hang. */
const DEVICE_FILESYSTEMS = ['devtmpfs', 'tmpfs']

async function mountAt(path: string): Promise<MountPoint | undefined> {
  const found = await findMount(path)
  if (found === undefined) return undefined
  const { root } = found
  const readOnly = found.options.includes('ro')
  const number = DEVICE_FILESYSTEMS.includes(found.fsType) ? await deviceNumberOf(path) : undefined
  if (number !== undefined) return { kind: 'device', device: await devicePathOf(number), root, readOnly }
  return { kind: 'filesystem', device: await deviceBehind(found), root, readOnly }
}

/** btrfs has an anonymous device number, so there only the source says which device it is. */
const deviceBehind = async (found: Mount): Promise<string | undefined> =>
  found.device.startsWith('0:') ? found.source : devicePathOf(found.device)

async function makeTarget(path: string, kind: 'directory' | 'file'): Promise<void> {
  try {
    if (kind === 'directory') await mkdir(path, { mode: 0o750 })
    else await (await open(path, 'wx', 0o600)).close()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return
    throw new StorageError('COMMAND_FAILED', 'the target can not be made on this node', { cause })
  }
}

/** A file that has grown holds what was written to it while nothing was mounted there. */
async function removeTarget(path: string): Promise<void> {
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
