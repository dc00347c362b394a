import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findMount } from '../../mounts.ts'

const SYSFS = '/sys/fs/btrfs'

/**
 * Bytes that were written to files and have no place in the pool yet: statfs calls them free until they are written
 * back, which can be gigabytes and half a minute later. 0 where the kernel does not show them.
 */
export async function unwrittenBytes(poolPath: string): Promise<bigint> {
  const folder = await sysfsOf(poolPath)
  if (folder === undefined) return 0n
  const counts = ['bytes_may_use', 'bytes_reserved'].map((name) => countIn(join(folder, name)))
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0n)
}

/** What the kernel tells of the space for data in the file system that is mounted at the path. */
async function sysfsOf(poolPath: string): Promise<string | undefined> {
  const mount = await findMount(poolPath)
  if (mount === undefined) return undefined
  const device = basename(await realpath(mount.source).catch(() => mount.source))
  for (const id of await readdir(SYSFS).catch(() => [] as string[])) {
    const devices = await readdir(join(SYSFS, id, 'devices')).catch(() => [] as string[])
    if (devices.includes(device)) return join(SYSFS, id, 'allocation/data')
  }
  return undefined
}

const countIn = async (file: string): Promise<bigint> => BigInt(await readFile(file, 'utf8').catch(() => '0'))
