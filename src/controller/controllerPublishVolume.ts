import { parseCapability, rightsOf } from '../csi/capability.ts'
import type { ControllerPublishVolumeRequest, ControllerPublishVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { InitiatorId, VolumeGroups } from '../volumegroups/index.ts'
import { existingDiskId } from './volume.ts'

/** Grants the disk to the node's initiator. */
export function controllerPublishVolume(
  groups: Pick<VolumeGroups, 'grant'>,
): Handler<ControllerPublishVolumeRequest, ControllerPublishVolumeResponse> {
  return async (request, call) => {
    const { volumeId, initiatorId, capability } = parse(request)
    const diskId = existingDiskId(volumeId)
    const rights = rightsOf(capability, request.readonly)
    const { targetName, lun } = await groups.grant({ diskId, initiatorId, ...rights }, call)
    // The Kubernetes API shows this to everybody, so it holds no portal and no credentials: the node asks for them.
    return { publishContext: { targetName, lun: lun.toString() } }
  }
}

function parse(request: ControllerPublishVolumeRequest) {
  return parsing((faults) => ({
    volumeId: parseRequired(request.volumeId, 'volume_id', faults),
    initiatorId: parseRequired(request.nodeId, 'node_id', faults) as InitiatorId,
    capability: parseCapability(request.volumeCapability, 'volume_capability', faults),
  }))
}
