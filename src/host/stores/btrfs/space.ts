import { statfs } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { min } from '../../../lib/bigints.ts'
import {
  type Capacity,
  type GroupSpace,
  MAX_DISK_BYTES,
  recoveryPointIds,
  SIZE_UNIT_BYTES,
  type SpaceUse,
} from '../../../volumegroups/index.ts'
import { run } from '../../exec.ts'
import { refusals } from '../refusals.ts'
import { awaitDeletions, measureUsage, syncFilesystem } from './commands.ts'
import { diskOf, type GroupLayout } from './layout.ts'
import { unwrittenBytes } from './unwritten.ts'

/** Kept free, so that manifests, metadata and deletions still have room in a full pool. */
const RESERVE_FRACTION = 32n
const MAX_RESERVE_BYTES = 4n * 1024n ** 3n

/**
 * What the file system says it can still take for data (free data space, and unallocated space at the ratio of the
 * data profile), less what has yet to be written back, less the reserve. Disks are sparse: space that was promised to them but not written counts as
 * available, and space that is shared between clones and recovery points is used once.
 */
export async function capacityOf(poolPath: string): Promise<Capacity> {
  const { bsize, blocks, bavail } = await statfs(poolPath, { bigint: true })
  const totalBytes = blocks * bsize
  const reserveBytes = min(totalBytes / RESERVE_FRACTION, MAX_RESERVE_BYTES)
  const freeBytes = bavail * bsize - (await unwrittenBytes(poolPath)) - reserveBytes
  const availableBytes = freeBytes > 0n ? freeBytes : 0n
  const maximumDiskBytes = min(availableBytes - (availableBytes % SIZE_UNIT_BYTES), MAX_DISK_BYTES)
  return { totalBytes, availableBytes, maximumDiskBytes }
}

/** Throws NO_SPACE when so much could not be written now. */
export async function checkRoom(poolPath: string, neededBytes: bigint): Promise<void> {
  const { availableBytes } = await capacityOf(poolPath)
  if (neededBytes > availableBytes) throw refusals.noSpace(neededBytes, availableBytes)
}

const RECLAIM_TIMEOUT_MS = 60_000

/** A deletion counts only from the next commit on, and a subvolume is taken apart after it. */
export async function reclaim(poolPath: string): Promise<void> {
  await run(syncFilesystem(poolPath), { timeoutMs: RECLAIM_TIMEOUT_MS })
  await run(awaitDeletions(poolPath), { timeoutMs: RECLAIM_TIMEOUT_MS })
  await run(syncFilesystem(poolPath), { timeoutMs: RECLAIM_TIMEOUT_MS })
}

const MEASURE_TIMEOUT_MS = 60_000

/** Looks up who else holds each extent of the group: its time grows with their number. */
export async function spaceOf(group: GroupLayout): Promise<GroupSpace> {
  const { stdout } = await run(measureUsage(group.directory), { timeoutMs: MEASURE_TIMEOUT_MS })
  const uses = parseUses(stdout)
  const usesIn = (folder: string) =>
    [...uses].flatMap(([path, use]) => (dirname(path) === folder ? [{ name: basename(path), ...use }] : []))
  return {
    group: uses.get(group.directory) ?? { exclusiveBytes: 0n, sharedBytes: 0n },
    disks: usesIn(group.active).flatMap(({ name, ...use }) => {
      const id = diskOf(name)
      return id === undefined ? [] : [{ id, ...use }]
    }),
    recoveryPoints: usesIn(group.points).flatMap(({ name: id, ...use }) =>
      recoveryPointIds.is(id) ? [{ id, ...use }] : [],
    ),
  }
}

/** Total, exclusive bytes, those shared within it (of the outermost folder only), path. */
const USE = /^ *(\d+) +(\d+) +(\d+|-) +(.+)$/gm

function parseUses(text: string): Map<string, SpaceUse> {
  return new Map(
    [...text.matchAll(USE)].map(([, total = '', exclusive = '', shared = '', path = '']) => {
      const exclusiveBytes = BigInt(exclusive)
      const sharedBytes = shared === '-' ? BigInt(total) - exclusiveBytes : BigInt(shared)
      return [path, { exclusiveBytes, sharedBytes }]
    }),
  )
}
