import { parseCapability } from '../csi/capability.ts'
import type { NodePublishVolumeRequest, NodePublishVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { StorageError } from '../volumegroups/index.ts'
import { checkMountFlags } from './mount-flags.ts'
import type { NodeParts } from './parts.ts'
import { existingDisk, parsePath, parseVolumePath } from './paths.ts'
import { type PublishRequest, publish } from './publish.ts'

/** Shows a staged volume at a target path: its directory, or its device node for a block volume. */
export function nodePublishVolume(
  parts: NodeParts,
): Handler<NodePublishVolumeRequest, NodePublishVolumeResponse> {
  return async (message, call) => {
    await publish(parts, parse(message), call)
    return {}
  }
}

function parse(message: NodePublishVolumeRequest): PublishRequest {
  const fields = parsing((faults) => {
    const capability = parseCapability(message.volumeCapability, 'volume_capability', faults)
    checkMountFlags(capability.mountFlags, 'volume_capability.mount.mount_flags', faults)
    return {
      volumeId: parseRequired(message.volumeId, 'volume_id', faults),
      targetPath: parsePath(message.targetPath, 'target_path', faults),
      capability,
      readOnly: message.readonly,
    }
  })
  if (message.stagingTargetPath === '') {
    throw new StorageError(
      'VOLUME_NOT_STAGED',
      'staging_target_path is missing: volumes are staged first here',
    )
  }
  const stagingPath = parsing((faults) =>
    parseVolumePath(message.stagingTargetPath, 'staging_target_path', faults),
  )
  return { ...fields, diskId: existingDisk(fields.volumeId), stagingPath }
}
