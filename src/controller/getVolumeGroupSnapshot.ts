import type { GetVolumeGroupSnapshotRequest, GetVolumeGroupSnapshotResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { findGroupSnapshot, refuseOtherMembers } from './group-snapshot.ts'
import { snapshotNotFound, toGroupSnapshot } from './snapshot.ts'

/** One group snapshot with all its members. */
export function getVolumeGroupSnapshot(
  groups: Pick<VolumeGroups, 'getRecoveryPoint'>,
): Handler<GetVolumeGroupSnapshotRequest, GetVolumeGroupSnapshotResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.groupSnapshotId, 'group_snapshot_id', faults))
    const point = (await findGroupSnapshot(groups, id, call)) ?? snapshotNotFound(id)
    refuseOtherMembers(point, request.snapshotIds)
    return { groupSnapshot: toGroupSnapshot(point) }
  }
}
