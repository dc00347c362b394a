import type { NodeExpandVolumeRequest, NodeExpandVolumeResponse } from '../csi/messages.ts'
import { parseCapacity, parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { expand } from './expand.ts'
import type { NodeParts } from './parts.ts'
import { existingDisk, parseVolumePath } from './paths.ts'

/** Takes over the size that ControllerExpandVolume gave the disk. OK when it is as large already. */
export function nodeExpandVolume(
  parts: NodeParts,
): Handler<NodeExpandVolumeRequest, NodeExpandVolumeResponse> {
  return async (message, call) => {
    const { volumeId, volumePath, size } = parsing((faults) => ({
      volumeId: parseRequired(message.volumeId, 'volume_id', faults),
      volumePath: parseVolumePath(message.volumePath, 'volume_path', faults),
      size: parseCapacity(message.capacityRange, 'capacity_range', faults),
    }))
    const { secrets } = message
    const diskId = existingDisk(volumeId)
    const sizeBytes = await expand(parts, { diskId, volumePath, size, secrets }, call)
    return { capacityBytes: sizeBytes.toString() }
  }
}
