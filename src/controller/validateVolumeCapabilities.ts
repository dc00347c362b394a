import { isComplete, unsupportedIn } from '../csi/capability.ts'
import type {
  ValidateVolumeCapabilitiesRequest,
  ValidateVolumeCapabilitiesResponse,
  VolumeCapability,
} from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import { parseVolumeContext } from '../csi/volume-context.ts'
import type { Call, Handler } from '../rpc/call.ts'
import { type Disk, StorageError, Violations, type VolumeGroups } from '../volumegroups/index.ts'
import { parseMutableParameters, refuseMissingPolicies } from './mutable-parameters.ts'
import { parseStorageClass } from './parameters.ts'
import { existingDiskId } from './volume.ts'

/** Repeats what was asked when the volume can do all of it; else says why not, which is no error. */
export function validateVolumeCapabilities(
  groups: Pick<VolumeGroups, 'getDisk' | 'getGroup' | 'listPolicies'>,
): Handler<ValidateVolumeCapabilitiesRequest, ValidateVolumeCapabilitiesResponse> {
  const missingPolicy = async (
    { mutableParameters }: ValidateVolumeCapabilitiesRequest,
    { groupId }: Disk,
    call: Call,
  ): Promise<string | undefined> => {
    const changes = parseMutableParameters(mutableParameters, new Violations())
    if (changes === undefined) return undefined
    const { project } = await groups.getGroup(groupId, call)
    return refuseMissingPolicies({ changes, project }, groups, call).then(() => undefined, objectionIn)
  }
  return async (request, call) => {
    const volumeId = parse(request)
    const disk = await groups.getDisk(existingDiskId(volumeId), call)
    const objection = objectionOf(request, disk) ?? (await missingPolicy(request, disk, call))
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
  parseMutableParameters(request.mutableParameters, faults)
  try {
    faults.throwIfAny()
    return undefined
  } catch (error) {
    return objectionIn(error)
  }
}

/** Whatever is wrong with the request itself is an objection; anything else stays an error. */
function objectionIn(error: unknown): string {
  if (error instanceof StorageError && error.violations.length > 0) return error.message
  throw error
}

function otherFileSystem({ mount }: VolumeCapability, disk: Disk): string | undefined {
  const { fileSystem } = parseVolumeContext(disk.attributes)
  if (!mount?.fsType || fileSystem === undefined || mount.fsType === fileSystem) return undefined
  return `the volume has the file system ${fileSystem}, not ${mount.fsType}`
}
