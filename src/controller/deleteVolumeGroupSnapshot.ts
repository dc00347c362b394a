import type { DeleteVolumeGroupSnapshotRequest, DeleteVolumeGroupSnapshotResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { findGroupSnapshot, refuseOtherMembers } from './group-snapshot.ts'

/** Deletes the group snapshot with all its members. OK when it is gone, or never was. */
export function deleteVolumeGroupSnapshot(
  groups: Pick<VolumeGroups, 'getRecoveryPoint' | 'deleteRecoveryPoint'>,
): Handler<DeleteVolumeGroupSnapshotRequest, DeleteVolumeGroupSnapshotResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.groupSnapshotId, 'group_snapshot_id', faults))
    const point = await findGroupSnapshot(groups, id, call)
    if (point !== undefined) {
      refuseOtherMembers(point, request.snapshotIds)
      await groups.deleteRecoveryPoint(point.id, call)
    }
    return {}
  }
}
