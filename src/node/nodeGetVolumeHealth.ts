import type { NodeGetVolumeHealthRequest, NodeGetVolumeHealthResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { NodeParts } from './parts.ts'
import { existingDisk } from './paths.ts'
import { volumeFaults } from './volume-health.ts'

/** What is wrong with the volume on this node. A volume that is not here is well as far as this node knows. */
export function nodeGetVolumeHealth(
  parts: NodeParts,
): Handler<NodeGetVolumeHealthRequest, NodeGetVolumeHealthResponse> {
  return async (message, call) => {
    const volumeId = parsing((faults) => parseRequired(message.volumeId, 'volume_id', faults))
    const diskId = existingDisk(volumeId)
    const record = await parts.records.read(diskId)
    if (record === undefined) await parts.groups.getDisk(diskId, call) // it must exist, though not here
    const healthStatuses = record === undefined ? [] : await volumeFaults(parts, record, call)
    return { volumeHealth: { volumeId, healthStatuses } }
  }
}
