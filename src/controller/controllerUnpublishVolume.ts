import type { ControllerUnpublishVolumeRequest, ControllerUnpublishVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { diskIds, type InitiatorId, type VolumeGroups } from '../volumegroups/index.ts'

/**
 * Takes the disk away from a node, or from all when none is named. Kubernetes may call it before the node has
 * unstaged: when it returns, the node can not write any more. OK for volumes and nodes that do not exist.
 */
export function controllerUnpublishVolume(
  groups: Pick<VolumeGroups, 'revoke'>,
): Handler<ControllerUnpublishVolumeRequest, ControllerUnpublishVolumeResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    const initiatorId = request.nodeId === '' ? undefined : (request.nodeId as InitiatorId)
    if (diskIds.is(id)) await groups.revoke(id, initiatorId, call)
    return {}
  }
}
