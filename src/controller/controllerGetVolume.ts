import type { ControllerGetVolumeRequest, ControllerGetVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { existingDiskId, toVolume } from './volume.ts'

/** One volume, with the nodes that it is published to. */
export function controllerGetVolume(
  groups: Pick<VolumeGroups, 'getDisk' | 'status'>,
): Handler<ControllerGetVolumeRequest, ControllerGetVolumeResponse> {
  return async (request, call) => {
    const volumeId = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    const disk = await groups.getDisk(existingDiskId(volumeId), call)
    const { site } = await groups.status(call)
    return { volume: toVolume(disk, site), status: { publishedNodeIds: disk.attachedTo } }
  }
}
