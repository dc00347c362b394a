import { parseCapability } from '../csi/capability.ts'
import type { ControllerExpandVolumeRequest, ControllerExpandVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parseRequiredCapacity, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { existingDiskId } from './volume.ts'

/** Grows the disk, attached or not; the node then grows what is on it: encryption and file system. */
export function controllerExpandVolume(
  groups: Pick<VolumeGroups, 'growDisk'>,
): Handler<ControllerExpandVolumeRequest, ControllerExpandVolumeResponse> {
  return async (request, call) => {
    const { volumeId, size, capability } = parse(request)
    const disk = await groups.growDisk(existingDiskId(volumeId), size, call)
    return {
      capacityBytes: disk.sizeBytes.toString(),
      nodeExpansionRequired: capability?.accessType !== 'block' || disk.attributes.encryption !== undefined,
    }
  }
}

function parse(request: ControllerExpandVolumeRequest) {
  const { volumeCapability } = request
  return parsing((faults) => ({
    volumeId: parseRequired(request.volumeId, 'volume_id', faults),
    size: parseRequiredCapacity(request.capacityRange, 'capacity_range', faults),
    capability: volumeCapability && parseCapability(volumeCapability, 'volume_capability', faults),
  }))
}
