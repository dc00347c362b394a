import type {
  NodeGetVolumeStatsRequest,
  NodeGetVolumeStatsResponse,
  VolumeUsage,
  VolumeUsageUnit,
} from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { Amount } from '../host/filesystems/usage.ts'
import type { Handler } from '../rpc/call.ts'
import { StorageError } from '../volumegroups/index.ts'
import { deviceOf } from './encryption.ts'
import type { NodeParts } from './parts.ts'
import { existingDisk, parseVolumePath } from './paths.ts'
import type { VolumeRecord } from './records.ts'
import { volumeAt } from './targets.ts'

/** How full the volume is: bytes and inodes of a file system, the size of a block volume. */
export function nodeGetVolumeStats(
  parts: NodeParts,
): Handler<NodeGetVolumeStatsRequest, NodeGetVolumeStatsResponse> {
  return async (message) => {
    const { volumeId, path } = parsing((faults) => ({
      volumeId: parseRequired(message.volumeId, 'volume_id', faults),
      path: parseVolumePath(message.volumePath, 'volume_path', faults),
    }))
    const record = await volumeAt(parts, existingDisk(volumeId), path)
    if (record.accessType === 'block') return { usage: [await deviceUsage(parts, record)] }
    const { bytes, inodes } = await parts.machine.usage(path)
    return { usage: [toUsage(bytes, 'BYTES'), toUsage(inodes, 'INODES')] }
  }
}

/** Zero counts as not given: nobody knows how much of a raw device is in use. */
async function deviceUsage(parts: NodeParts, record: VolumeRecord): Promise<VolumeUsage> {
  const device = await deviceOf(parts, record)
  if (device === undefined) {
    throw new StorageError('VOLUME_NOT_STAGED', 'the disk of the volume is not attached to this node')
  }
  return { total: device.sizeBytes.toString(), used: '0', available: '0', unit: 'BYTES' }
}

const toUsage = ({ total, used, available }: Amount, unit: VolumeUsageUnit): VolumeUsage => ({
  total: total.toString(),
  used: used.toString(),
  available: available.toString(),
  unit,
})
