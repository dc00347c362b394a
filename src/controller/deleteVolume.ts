import { graceIn } from '../csi/delete-grace.ts'
import type { DeleteVolumeRequest, DeleteVolumeResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Handler } from '../rpc/call.ts'
import { type Disk, type DiskId, diskIds, StorageError, type VolumeGroups } from '../volumegroups/index.ts'

/**
 * OK when the volume is gone, or never was. Its snapshots stay; so do its data, for an operator to bring back, as
 * long as its class said when it was made.
 */
export function deleteVolume(
  groups: Pick<VolumeGroups, 'getDisk' | 'deleteDisk'>,
): Handler<DeleteVolumeRequest, DeleteVolumeResponse> {
  return async (request, call) => {
    const id = parsing((faults) => parseRequired(request.volumeId, 'volume_id', faults))
    if (!diskIds.is(id)) return {}
    const disk = await groups.getDisk(id as DiskId, call).catch(unlessGone)
    // Also when it is not found: its deletion may be under way.
    await groups.deleteDisk(id, { reason: 'csi', graceMs: disk ? graceIn(disk.attributes) : 0 }, call)
    return {}
  }
}

function unlessGone(error: unknown): Disk | undefined {
  if (error instanceof StorageError && error.reason === 'DISK_NOT_FOUND') return undefined
  throw error
}
