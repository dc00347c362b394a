import type { CreateVolumeRequest, CreateVolumeResponse } from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import { refuseNamesake, refuseOtherFileSystem, refuseUnreachable } from './placement.ts'
import { toVolume } from './volume.ts'
import { parseDiskSpec } from './volume-spec.ts'

/** Idempotent by name: a retry that still fits gets the volume made the first time. */
export function createVolume(
  groups: Pick<VolumeGroups, 'status' | 'getDisk' | 'getGroup' | 'listDisks' | 'createDisk'>,
): Handler<CreateVolumeRequest, CreateVolumeResponse> {
  return async (request, call) => {
    const spec = parseDiskSpec(request)
    const element = await groups.status(call)
    refuseUnreachable(request.accessibilityRequirements, element)
    await refuseNamesake(spec, groups, call)
    await refuseOtherFileSystem(spec, groups, call)
    const options = { signal: call.signal, idempotencyKey: idempotencyKeyOf(spec) }
    const disk = await groups.createDisk(spec, options)
    call.log.info({ volumeId: disk.id, groupId: disk.groupId, sizeBytes: disk.sizeBytes }, 'volume ready')
    return { volume: toVolume(disk, element.site) }
  }
}
