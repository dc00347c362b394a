import type { Snapshot, Timestamp, VolumeGroupSnapshot } from '../csi/messages.ts'
import { parseSnapshotId, type SnapshotRef, snapshotIdOf } from '../csi/snapshot-id.ts'
import {
  type CallOptions,
  type DiskImage,
  type RecoveryPoint,
  type RecoveryPointId,
  StorageError,
  type VolumeGroups,
} from '../volumegroups/index.ts'

/** One disk of a recovery point as CSI shows it. */
export const toSnapshot = (image: DiskImage): Snapshot => ({
  snapshotId: snapshotIdOf(image),
  sourceVolumeId: image.diskId,
  sizeBytes: image.sizeBytes.toString(),
  creationTime: toTimestamp(image.createdAt),
  readyToUse: true,
  groupSnapshotId: image.grouped ? image.recoveryPointId : '',
  accessibleTopology: [],
})

/** The images of a recovery point's disks. */
export const imagesOf = (point: RecoveryPoint): readonly DiskImage[] =>
  point.disks.map((disk) => ({
    ...disk,
    recoveryPointId: point.id,
    grouped: point.grouped,
    createdAt: point.createdAt,
  }))

export const toGroupSnapshot = (point: RecoveryPoint): VolumeGroupSnapshot => ({
  groupSnapshotId: point.id,
  snapshots: imagesOf(point).map(toSnapshot),
  creationTime: toTimestamp(point.createdAt),
  readyToUse: true,
})

/** An id that Mooring never gave out names a snapshot that does not exist. */
export function existingSnapshot(snapshotId: string): SnapshotRef {
  return parseSnapshotId(snapshotId) ?? snapshotNotFound(snapshotId)
}

export function snapshotNotFound(snapshotId: string): never {
  throw new StorageError('RECOVERY_POINT_NOT_FOUND', `there is no snapshot ${snapshotId}`)
}

function toTimestamp(date: Date): Timestamp {
  const ms = date.getTime()
  const seconds = Math.floor(ms / 1000)
  return { seconds: seconds.toString(), nanos: (ms - seconds * 1000) * 1_000_000 }
}

/** The recovery point, or undefined when there is none of this id. */
export async function findPoint(
  groups: Pick<VolumeGroups, 'getRecoveryPoint'>,
  id: RecoveryPointId,
  call: CallOptions,
): Promise<RecoveryPoint | undefined> {
  try {
    return await groups.getRecoveryPoint(id, call)
  } catch (error) {
    if (error instanceof StorageError && error.kind === 'not_found') return undefined
    throw error
  }
}
