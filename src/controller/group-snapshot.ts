import { snapshotIdOf } from '../csi/snapshot-id.ts'
import {
  type CallOptions,
  type RecoveryPoint,
  recoveryPointIds,
  StorageError,
  type VolumeGroups,
} from '../volumegroups/index.ts'
import { findPoint, imagesOf } from './snapshot.ts'

/** The recovery point behind a group snapshot; undefined when there is none. */
export async function findGroupSnapshot(
  groups: Pick<VolumeGroups, 'getRecoveryPoint'>,
  id: string,
  call: CallOptions,
): Promise<RecoveryPoint | undefined> {
  const point = recoveryPointIds.is(id) ? await findPoint(groups, id, call) : undefined
  return point?.grouped ? point : undefined
}

/** The caller must name exactly the snapshots that the group has. */
export function refuseOtherMembers(point: RecoveryPoint, snapshotIds: readonly string[]): void {
  const members = imagesOf(point).map(snapshotIdOf)
  const missing = members.filter((id) => !snapshotIds.includes(id))
  const strange = snapshotIds.filter((id) => !members.includes(id))
  if (missing.length + strange.length === 0) return
  const faults = [
    missing.length > 0 ? `does not name ${missing.join(', ')}` : '',
    strange.length > 0 ? `names ${strange.join(', ')}, which the group does not have` : '',
  ]
  const message = `snapshot_ids ${faults.filter((fault) => fault !== '').join(' and ')}`
  throw new StorageError('INVALID_ARGUMENT', message, { entity: { kind: 'recoveryPoint', id: point.id } })
}
