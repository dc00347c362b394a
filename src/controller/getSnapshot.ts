import type { GetSnapshotRequest, GetSnapshotResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { existingSnapshot, snapshotNotFound, toSnapshot } from './snapshot.ts'

/** One snapshot. */
export function getSnapshot(
  groups: Pick<VolumeGroups, 'listDiskImages'>,
): Handler<GetSnapshotRequest, GetSnapshotResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.snapshotId, 'snapshot_id', faults))
    const { items } = await groups.listDiskImages(existingSnapshot(id), call)
    return { snapshot: toSnapshot(items[0] ?? snapshotNotFound(id)) }
  }
}
