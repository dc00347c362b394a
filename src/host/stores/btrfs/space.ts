import { statfs } from 'node:fs/promises'
import { type Capacity, MAX_DISK_BYTES, SIZE_UNIT_BYTES } from '../../../volumegroups/index.ts'
import { refusals } from '../refusals.ts'

/** Kept free, so that manifests, metadata and deletions still have room in a full pool. */
const RESERVE_FRACTION = 32n
const MAX_RESERVE_BYTES = 4n * 1024n ** 3n

/**
 * What the file system says it can still take for data (free data space, and unallocated space at the ratio of the
 * data profile), less the reserve. Disks are sparse: space that was promised to them but not written counts as
 * available, and space that is shared between clones and recovery points is used once.
 */
export async function capacityOf(poolPath: string): Promise<Capacity> {
  const { bsize, blocks, bavail } = await statfs(poolPath, { bigint: true })
  const totalBytes = blocks * bsize
  const reserveBytes = min(totalBytes / RESERVE_FRACTION, MAX_RESERVE_BYTES)
  const availableBytes = bavail * bsize > reserveBytes ? bavail * bsize - reserveBytes : 0n
  const maximumDiskBytes = min(availableBytes - (availableBytes % SIZE_UNIT_BYTES), MAX_DISK_BYTES)
  return { totalBytes, availableBytes, maximumDiskBytes }
}

/** Throws NO_SPACE when so much could not be written now. */
export async function checkRoom(poolPath: string, neededBytes: bigint): Promise<void> {
  const { availableBytes } = await capacityOf(poolPath)
  if (neededBytes > availableBytes) throw refusals.noSpace(neededBytes, availableBytes)
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
