import type { CreateVolumeRequest, CreateVolumeResponse } from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'
import { asStorageError, StorageError, type VolumeGroups } from '../volumegroups/index.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import { findPolicies, setPolicies } from './mutable-parameters.ts'
import { refuseNamesake, refuseOtherFileSystem, refuseUnreachable } from './placement.ts'
import { toVolume } from './volume.ts'
import { parseDiskSpec } from './volume-spec.ts'

/** Idempotent by name: a retry that still fits gets the volume made the first time. */
export function createVolume(
  groups: Pick<
    VolumeGroups,
    | ('status' | 'getDisk' | 'getGroup' | 'listDisks' | 'createDisk')
    | ('listPolicies' | 'effectivePolicies' | 'assignPolicy' | 'unassignPolicy')
  >,
): Handler<CreateVolumeRequest, CreateVolumeResponse> {
  return async (request, call) => {
    const spec = parseDiskSpec(request)
    const element = await groups.status(call)
    refuseUnreachable(request.accessibilityRequirements, element)
    await refuseNamesake(spec, groups, call)
    await refuseOtherFileSystem(spec, groups, call)
    const choices = await findPolicies(
      { parameters: request.mutableParameters, project: spec.project },
      groups,
      call,
    )
    const options = { signal: call.signal, idempotencyKey: idempotencyKeyOf(spec) }
    const disk = await groups.createDisk(spec, options)
    await setPolicies({ groupId: disk.groupId, choices }, groups, call).catch(toBeRepeated)
    call.log.info({ volumeId: disk.id, groupId: disk.groupId, sizeBytes: disk.sizeBytes }, 'volume ready')
    return { volume: toVolume(disk, element.site) }
  }
}

/** The disk is there: after a final error nobody would come back for it. */
function toBeRepeated(error: unknown): never {
  const message = `the volume was made, and its policies were not set: ${asStorageError(error).message}`
  throw new StorageError('POLICY_NOT_SET', message, { cause: error })
}
