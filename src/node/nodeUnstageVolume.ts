import type { NodeUnstageVolumeRequest, NodeUnstageVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { diskIds } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import { parsePath } from './paths.ts'
import { unstage } from './unstage.ts'

/** Unmounts and detaches the volume. OK for a volume that is not on this node, or that never was anywhere. */
export function nodeUnstageVolume(
  parts: NodeParts,
): Handler<NodeUnstageVolumeRequest, NodeUnstageVolumeResponse> {
  return async (message) => {
    const { volumeId, stagingPath } = parsing((faults) => ({
      volumeId: parseRequired(message.volumeId, 'volume_id', faults),
      stagingPath: parsePath(message.stagingTargetPath, 'staging_target_path', faults),
    }))
    if (diskIds.is(volumeId)) await unstage(parts, { diskId: volumeId, stagingPath })
    return {}
  }
}
