import { parseCapability } from '../csi/capability.ts'
import type { NodeStageVolumeRequest, NodeStageVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import { parseVolumeContext } from '../csi/volume-context.ts'
import type { Handler } from '../rpc/call.ts'
import { keyOf } from './encryption.ts'
import { checkMountFlags } from './mount-flags.ts'
import type { NodeParts } from './parts.ts'
import { existingDisk, parsePath } from './paths.ts'
import { type StageRequest, stage } from './stage.ts'

/** Attaches the volume to this node and mounts its file system at the staging path, making one on a blank disk. */
export function nodeStageVolume(parts: NodeParts): Handler<NodeStageVolumeRequest, NodeStageVolumeResponse> {
  return async (message, call) => {
    await stage(parts, parse(message), call)
    return {}
  }
}

function parse(message: NodeStageVolumeRequest): StageRequest {
  const fields = parsing((faults) => {
    const capability = parseCapability(message.volumeCapability, 'volume_capability', faults)
    checkMountFlags(capability.mountFlags, 'volume_capability.mount.mount_flags', faults)
    return {
      volumeId: parseRequired(message.volumeId, 'volume_id', faults),
      stagingPath: parsePath(message.stagingTargetPath, 'staging_target_path', faults),
      capability,
    }
  })
  const { fileSystem, mkfsOptions, encryption } = parseVolumeContext(message.volumeContext)
  return {
    diskId: existingDisk(fields.volumeId),
    stagingPath: fields.stagingPath,
    capability: fields.capability,
    fsType: fields.capability.fileSystem ?? fileSystem,
    mkfsOptions,
    encryption: encryption && { kind: encryption, key: keyOf(message.secrets) },
  }
}
