import type { ControllerModifyVolumeRequest, ControllerModifyVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { checkMutableParameters, findPolicies, setPolicies } from './mutable-parameters.ts'
import { existingDiskId } from './volume.ts'

/**
 * Sets policies on the volume's group, and with that for all volumes in it; all that is asked for, or nothing.
 * What the parameters do not name stays.
 */
export function controllerModifyVolume(
  groups: Pick<
    VolumeGroups,
    'getDisk' | 'getGroup' | 'listPolicies' | 'effectivePolicies' | 'assignPolicy' | 'unassignPolicy'
  >,
): Handler<ControllerModifyVolumeRequest, ControllerModifyVolumeResponse> {
  return async (request, call) => {
    const volumeId = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    const { groupId } = await groups.getDisk(existingDiskId(volumeId), call)
    const parameters = request.mutableParameters
    parsing((faults) => checkMutableParameters(parameters, faults))
    const { project } = await groups.getGroup(groupId, call)
    const choices = await findPolicies({ parameters, project }, groups, call)
    await setPolicies({ groupId, choices }, groups, call)
    return {}
  }
}
