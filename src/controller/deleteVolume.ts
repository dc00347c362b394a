import type { DeleteVolumeRequest, DeleteVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { diskIds, type VolumeGroups } from '../volumegroups/index.ts'

/** OK when the volume is gone, or never was. Its snapshots stay. */
export function deleteVolume(
  groups: Pick<VolumeGroups, 'deleteDisk'>,
): Handler<DeleteVolumeRequest, DeleteVolumeResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    if (diskIds.is(id)) await groups.deleteDisk(id, call)
    return {}
  }
}
