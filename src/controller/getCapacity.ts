import { isComplete, unsupportedIn } from '../csi/capability.ts'
import type { GetCapacityRequest, GetCapacityResponse } from '../csi/messages.ts'
import { parsing } from '../csi/parse.ts'
import { reaches } from '../csi/topology.ts'
import type { Handler } from '../rpc/call.ts'
import { type Capacity, MIN_DISK_BYTES, type VolumeGroups } from '../volumegroups/index.ts'
import { parseStorageClass } from './parameters.ts'

const NOTHING: Capacity = { totalBytes: 0n, availableBytes: 0n, maximumDiskBytes: 0n }

/** What volumes of this kind could have there: nothing in another site, or in a way that is not supported. */
export function getCapacity(
  groups: Pick<VolumeGroups, 'capacity' | 'status'>,
): Handler<GetCapacityRequest, GetCapacityResponse> {
  return async (request, call) => {
    parse(request)
    const topology = request.accessibleTopology
    const isHere = topology === null || reaches(topology, await groups.status(call))
    const isSupported = request.volumeCapabilities.every((found) => unsupportedIn(found) === undefined)
    return toResponse(isHere && isSupported ? await groups.capacity(call) : NOTHING)
  }
}

function parse(request: GetCapacityRequest): void {
  parsing((faults) => {
    parseStorageClass(request.parameters, faults)
    for (const [index, capability] of request.volumeCapabilities.entries()) {
      isComplete(capability, `volume_capabilities[${index}]`, faults)
    }
  })
}

const toResponse = (capacity: Capacity): GetCapacityResponse => ({
  availableCapacity: capacity.availableBytes.toString(),
  maximumVolumeSize: { value: capacity.maximumDiskBytes.toString() },
  minimumVolumeSize: { value: MIN_DISK_BYTES.toString() },
})
