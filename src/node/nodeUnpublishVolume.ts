import type { NodeUnpublishVolumeRequest, NodeUnpublishVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { diskIds } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import { parsePath } from './paths.ts'
import { unpublish } from './unpublish.ts'

/** Unmounts the target and removes it. OK when it is gone, and for a volume that never was anywhere. */
export function nodeUnpublishVolume(
  parts: NodeParts,
): Handler<NodeUnpublishVolumeRequest, NodeUnpublishVolumeResponse> {
  return async (message) => {
    const { volumeId, targetPath } = parsing((faults) => ({
      volumeId: parseRequired(message.volumeId, 'volume_id', faults),
      targetPath: parsePath(message.targetPath, 'target_path', faults),
    }))
    if (diskIds.is(volumeId)) await unpublish(parts, { diskId: volumeId, targetPath })
    return {}
  }
}
