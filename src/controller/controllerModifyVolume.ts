import type { ControllerModifyVolumeRequest, ControllerModifyVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { parseMutableParameters } from './mutable-parameters.ts'
import { existingDiskId } from './volume.ts'

/**
 * Sets policies and labels on the volume's group, and with that for all volumes in it; all that is asked for, or
 * nothing. What the parameters do not name stays.
 */
export function controllerModifyVolume(
  groups: Pick<VolumeGroups, 'getDisk' | 'updateGroup'>,
): Handler<ControllerModifyVolumeRequest, ControllerModifyVolumeResponse> {
  return async (request, call) => {
    const volumeId = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    const { groupId } = await groups.getDisk(existingDiskId(volumeId), call)
    const changes = parsing((faults) => parseMutableParameters(request.mutableParameters, faults))
    if (changes !== undefined) await groups.updateGroup(groupId, changes, { signal: call.signal })
    return {}
  }
}
