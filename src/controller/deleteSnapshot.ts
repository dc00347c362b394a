import type { DeleteSnapshotRequest, DeleteSnapshotResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import { parseSnapshotId } from '../csi/snapshot-id.ts'
import type { Handler } from '../rpc/call.ts'
import { type RecoveryPoint, StorageError, type VolumeGroups } from '../volumegroups/index.ts'
import { findPoint } from './snapshot.ts'

/** OK when the snapshot is gone, or never was. A member of a group snapshot goes only with its group. */
export function deleteSnapshot(
  groups: Pick<VolumeGroups, 'getRecoveryPoint' | 'deleteRecoveryPoint'>,
): Handler<DeleteSnapshotRequest, DeleteSnapshotResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.snapshotId, 'snapshot_id', faults))
    const ref = parseSnapshotId(id)
    const point = ref && (await findPoint(groups, ref.recoveryPointId, call))
    if (point?.disks.some(({ diskId }) => diskId === ref?.diskId)) {
      refuseMember(point, id)
      await groups.deleteRecoveryPoint(point.id, call)
    }
    return {}
  }
}

/** Deleting a recovery point deletes the images of all its disks, whether it was made as a group snapshot or not. */
function refuseMember(point: RecoveryPoint, snapshotId: string): void {
  if (!point.grouped && point.disks.length === 1) return
  throw new StorageError(
    'RECOVERY_POINT_GROUPED',
    `snapshot ${snapshotId} is a member of the group snapshot ${point.id}`,
    { entity: { kind: 'recoveryPoint', id: point.id } },
  )
}
