import { isComplete, unsupportedIn } from '../csi/capability.ts'
import type {
  ValidateVolumeCapabilitiesRequest,
  ValidateVolumeCapabilitiesResponse,
  VolumeCapability,
} from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import { parseVolumeContext } from '../csi/volume-context.ts'
import type { Handler } from '../rpc/call.ts'
import { type Disk, type StorageError, Violations, type VolumeGroups } from '../volumegroups/index.ts'
import { parseStorageClass, refuseParameters } from './parameters.ts'
import { existingDiskId } from './volume.ts'

/** Repeats what was asked when the volume can do all of it; else says why not, which is no error. */
export function validateVolumeCapabilities(
  groups: Pick<VolumeGroups, 'getDisk'>,
): Handler<ValidateVolumeCapabilitiesRequest, ValidateVolumeCapabilitiesResponse> {
  return async (request, call) => {
    const volumeId = parse(request)
    const disk = await groups.getDisk(existingDiskId(volumeId), call)
    const objection = objectionOf(request, disk)
    if (objection !== undefined) return { confirmed: null, message: objection }
    const { volumeContext, volumeCapabilities, parameters, mutableParameters } = request
    return { confirmed: { volumeContext, volumeCapabilities, parameters, mutableParameters }, message: '' }
  }
}

function parse(request: ValidateVolumeCapabilitiesRequest): string {
  return parsing((faults) => {
    const { volumeCapabilities } = request
    if (volumeCapabilities.length === 0) {
      faults.add('volume_capabilities', 'INVALID_ARGUMENT', 'volume_capabilities is missing')
    }
    for (const [index, capability] of volumeCapabilities.entries()) {
      isComplete(capability, `volume_capabilities[${index}]`, faults)
    }
    return parseRequired(request.volumeId, 'volume_id', faults)
  })
}

function objectionOf(request: ValidateVolumeCapabilitiesRequest, disk: Disk): string | undefined {
  const faults = new Violations()
  for (const capability of request.volumeCapabilities) {
    const reason = unsupportedIn(capability) ?? otherFileSystem(capability, disk)
    if (reason !== undefined) faults.add('volume_capabilities', 'UNSUPPORTED_CAPABILITY', reason)
  }
  parseStorageClass(request.parameters, faults)
  refuseParameters(request.mutableParameters, 'mutable_parameters', faults)
  try {
    faults.throwIfAny()
    return undefined
  } catch (error) {
    return (error as StorageError).message
  }
}

function otherFileSystem({ mount }: VolumeCapability, disk: Disk): string | undefined {
  const { fileSystem } = parseVolumeContext(disk.attributes)
  if (!mount?.fsType || fileSystem === undefined || mount.fsType === fileSystem) return undefined
  return `the volume has the file system ${fileSystem}, not ${mount.fsType}`
}
