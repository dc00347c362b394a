import type { ByteRange, RecoveryPointId, StoredPair, StoreSource } from '../../../volumegroups/index.ts'
import { allocatedRanges, changedRanges } from '../extents.ts'
import { findSource } from './disks.ts'
import { extentsOf } from './extents.ts'
import { guarded } from './files.ts'

const BLOCK_BYTES = 4096n

export async function* allocated(
  poolPath: string,
  image: StoreSource,
  fromBytes = 0n,
): AsyncGenerator<ByteRange> {
  const { path } = await guarded(() => findSource(poolPath, image))
  yield* allocatedRanges(extentsOf(path, blockStart(fromBytes)))
}

/**
 * Two snapshots of a file share every block that neither of them lost, and no block that is shared ever changes: so
 * where the places differ is exactly what was written or trimmed in between. (`btrfs send` compares whole extents
 * and names up to half as much again.)
 */
export async function* delta(
  poolPath: string,
  images: StoredPair,
  fromBytes = 0n,
): AsyncGenerator<ByteRange> {
  const { groupId, diskId, base, target } = images
  const extents = async (recoveryPointId: RecoveryPointId) => {
    const image = { kind: 'recoveryPoint', groupId, recoveryPointId, diskId } as const
    const { path } = await guarded(() => findSource(poolPath, image))
    return extentsOf(path, blockStart(fromBytes))
  }
  yield* changedRanges(await extents(base), await extents(target))
}

const blockStart = (offsetBytes: bigint): bigint => offsetBytes - (offsetBytes % BLOCK_BYTES)
