import type { CreateSnapshotRequest, CreateSnapshotResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import { refuseParameters } from './parameters.ts'
import { imagesOf, toSnapshot } from './snapshot.ts'
import { existingDiskId } from './volume.ts'

/** A recovery point of one disk. Idempotent by name. */
export function createSnapshot(
  groups: Pick<VolumeGroups, 'createRecoveryPoint'>,
): Handler<CreateSnapshotRequest, CreateSnapshotResponse> {
  return async (request, call) => {
    const { name, volumeId } = parse(request)
    const spec = { name, diskIds: [existingDiskId(volumeId)], grouped: false, reason: 'csi' } as const
    const options = { signal: call.signal, idempotencyKey: idempotencyKeyOf(spec) }
    const [image] = imagesOf(await groups.createRecoveryPoint(spec, options))
    return { snapshot: toSnapshot(image!) }
  }
}

function parse(request: CreateSnapshotRequest): { name: string; volumeId: string } {
  return parsing((faults) => {
    refuseParameters(request.parameters, { field: 'parameters', known: [] }, faults)
    return {
      name: parseRequired(request.name, 'name', faults),
      volumeId: parseRequired(request.sourceVolumeId, 'source_volume_id', faults),
    }
  })
}
