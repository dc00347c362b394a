import type { CreateVolumeGroupSnapshotRequest, CreateVolumeGroupSnapshotResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import { refuseParameters } from './parameters.ts'
import { toGroupSnapshot } from './snapshot.ts'
import { existingDiskId } from './volume.ts'

/** A recovery point of several disks of one volume group, at one instant. Idempotent by name. */
export function createVolumeGroupSnapshot(
  groups: Pick<VolumeGroups, 'createRecoveryPoint'>,
): Handler<CreateVolumeGroupSnapshotRequest, CreateVolumeGroupSnapshotResponse> {
  return async (request, call) => {
    const name = parse(request)
    const diskIds = request.sourceVolumeIds.map(existingDiskId).sort()
    const spec = { name, diskIds, grouped: true, reason: 'csi' } as const
    const options = { signal: call.signal, idempotencyKey: idempotencyKeyOf(spec) }
    return { groupSnapshot: toGroupSnapshot(await groups.createRecoveryPoint(spec, options)) }
  }
}

function parse(request: CreateVolumeGroupSnapshotRequest): string {
  return parsing((faults) => {
    refuseParameters(request.parameters, { field: 'parameters', known: [] }, faults)
    const ids = request.sourceVolumeIds
    const add = (what: string): void =>
      faults.add('source_volume_ids', 'INVALID_ARGUMENT', `source_volume_ids ${what}`)
    if (ids.length === 0 || ids.includes('')) add('is missing or holds an empty id')
    if (new Set(ids).size !== ids.length) add('names a volume twice')
    return parseRequired(request.name, 'name', faults)
  })
}
