import type { GetMetadataAllocatedRequest, GetMetadataAllocatedResponse } from '../csi/messages.ts'
import { parseRequired, parsing } from '../csi/parse.ts'
import type { StreamHandler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { messagesOf, parseMaxResults, parseOffset } from './metadata.ts'
import { existingSnapshot } from './snapshot.ts'

/** The byte ranges of a snapshot that hold data. */
export function getMetadataAllocated(
  groups: Pick<VolumeGroups, 'allocated'>,
): StreamHandler<GetMetadataAllocatedRequest, GetMetadataAllocatedResponse> {
  return async function* (request, call) {
    const { id, limit } = parsing((faults) => ({
      id: parseRequired(request.snapshotId, 'snapshot_id', faults),
      limit: parseMaxResults(request.maxResults, faults),
    }))
    const first = { fromBytes: parseOffset(request.startingOffset), limit }
    const image = existingSnapshot(id)
    yield* messagesOf(first, (query) => groups.allocated(image, query, call))
  }
}
