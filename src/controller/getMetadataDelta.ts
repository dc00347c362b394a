import type { GetMetadataDeltaRequest, GetMetadataDeltaResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { StreamHandler } from '../rpc/call.ts'
import { type ImagePair, StorageError, type VolumeGroups } from '../volumegroups/index.ts'
import { messagesOf, parseMaxResults, parseOffset } from './metadata.ts'
import { existingSnapshot } from './snapshot.ts'

/** The byte ranges in which two snapshots of a volume differ. */
export function getMetadataDelta(
  groups: Pick<VolumeGroups, 'delta'>,
): StreamHandler<GetMetadataDeltaRequest, GetMetadataDeltaResponse> {
  return async function* (request, call) {
    const { baseId, targetId, limit } = parsing((faults) => ({
      baseId: parseRequired(request.baseSnapshotId, 'base_snapshot_id', faults),
      targetId: parseRequired(request.targetSnapshotId, 'target_snapshot_id', faults),
      limit: parseMaxResults(request.maxResults, faults),
    }))
    const first = { fromBytes: parseOffset(request.startingOffset), limit }
    const images = pairOf(baseId, targetId)
    yield* messagesOf(first, (query) => groups.delta(images, query, call))
  }
}

function pairOf(baseId: string, targetId: string): ImagePair {
  const [base, target] = [existingSnapshot(baseId), existingSnapshot(targetId)]
  if (base.diskId === target.diskId) {
    return { diskId: base.diskId, base: base.recoveryPointId, target: target.recoveryPointId }
  }
  const message = `${baseId} is a snapshot of ${base.diskId}, and ${targetId} one of ${target.diskId}`
  throw new StorageError('INVALID_ARGUMENT', message)
}
