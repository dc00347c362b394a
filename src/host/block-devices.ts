import { constants } from 'node:fs'
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { StorageError } from '../volumegroups/index.ts'

/** The path of the block device with this `major:minor`, such as `/dev/loop3`; undefined when there is none. */
export async function devicePathOf(device: string): Promise<string | undefined> {
  try {
    const uevent = await readFile(`/sys/dev/block/${device}/uevent`, 'utf8')
    const name = /^DEVNAME=(.+)$/m.exec(uevent)?.[1]
    return name === undefined ? undefined : `/dev/${name}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new StorageError('COMMAND_FAILED', 'this host does not say which block devices it has', {
      cause: error,
    })
  }
}

/** `major:minor` of the device node at the path; undefined when there is no device node there. */
export async function deviceNumberOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isBlockDevice()) return undefined
  // makedev(3) of Linux: 12 bits of major in the middle, 20 bits of minor around them.
  const major = (found.rdev >>> 8) & 0xfff
  const minor = (found.rdev & 0xff) | ((found.rdev >>> 12) & 0xfff00)
  return `${major}:${minor}`
}

/** Opens the device for reading, gives it to `use`, and closes it whatever happens. */
export async function withDevice<Result>(
  path: string,
  use: (device: FileHandle) => Promise<Result>,
): Promise<Result> {
  let device: FileHandle
  try {
    device = await open(path, 'r')
  } catch (cause) {
    throw new StorageError('COMMAND_FAILED', 'the block device of the disk can not be opened on this host', {
      cause,
    })
  }
  try {
    return await use(device)
  } finally {
    await device.close()
  }
}

/** Throws DEVICE_IN_USE while the device is mounted or a program such as mkfs holds it for itself. */
export async function assertIdle(path: string): Promise<void> {
  try {
    const device = await open(path, constants.O_RDONLY | constants.O_EXCL)
    await device.close()
  } catch (cause) {
    const busy = (cause as NodeJS.ErrnoException).code === 'EBUSY'
    const what = busy
      ? 'is mounted elsewhere on this node, or a program uses it'
      : 'can not be opened on this node'
    throw new StorageError(
      busy ? 'DEVICE_IN_USE' : 'COMMAND_FAILED',
      `the block device of the disk ${what}`,
      {
        cause,
      },
    )
  }
}

/** The size that the kernel knows for the device at the path. */
export async function deviceSizeBytes(path: string): Promise<bigint> {
  const number = await deviceNumberOf(path)
  try {
    const sectors = await readFile(`/sys/dev/block/${number}/size`, 'utf8')
    return BigInt(sectors.trim()) * 512n // sysfs counts in 512 bytes, whatever the block size is
  } catch (cause) {
    throw new StorageError('COMMAND_FAILED', 'the block device of the disk is gone from this node', { cause })
  }
}

/** Reads exactly this range. A short read is an error, never taken for zeroes. */
export async function readRange(device: FileHandle, offset: bigint, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const position = offset + BigInt(filled)
    const { bytesRead } = await device.read(buffer, filled, length - filled, position)
    if (bytesRead === 0) {
      throw new StorageError('COMMAND_FAILED', 'the block device of the disk is shorter than it should be')
    }
    filled += bytesRead
  }
  return buffer
}
