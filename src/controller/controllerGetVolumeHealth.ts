import type { ControllerGetVolumeHealthRequest, ControllerGetVolumeHealthResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { existingDiskId } from './volume.ts'
import { readHealth } from './volume-health.ts'

/** What is wrong with one volume; an empty list when nothing is known to be. */
export function controllerGetVolumeHealth(
  groups: Pick<VolumeGroups, 'getDisk' | 'listOperations'>,
): Handler<ControllerGetVolumeHealthRequest, ControllerGetVolumeHealthResponse> {
  return async (request, call) => {
    const volumeId = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    const { id } = await groups.getDisk(existingDiskId(volumeId), call)
    const healthOf = await readHealth(groups, call)
    return { volumeHealth: healthOf(id) }
  }
}
