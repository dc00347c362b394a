import type { ListSnapshotsRequest, ListSnapshotsResponse } from '../csi/messages.ts'
import { parseSnapshotId } from '../csi/snapshot-id.ts'
import type { Handler } from '../rpc/call.ts'
import { type DiskImageFilter, diskIds, type VolumeGroups } from '../volumegroups/index.ts'
import { collectPages } from './collect-pages.ts'
import { toSnapshot } from './snapshot.ts'

/** All snapshots that match the filters; none when a filter names what does not exist. */
export function listSnapshots(
  groups: Pick<VolumeGroups, 'listDiskImages'>,
): Handler<ListSnapshotsRequest, ListSnapshotsResponse> {
  return async (request, call) => {
    const filter = parseFilter(request)
    if (filter === undefined) return { entries: [], nextToken: '' }
    const page = await collectPages(request, (query) => groups.listDiskImages({ ...filter, ...query }, call))
    const entries = page.items.map((image) => ({ snapshot: toSnapshot(image) }))
    return { entries, nextToken: page.nextToken ?? '' }
  }
}

/** Undefined when nothing can match. */
function parseFilter({ snapshotId, sourceVolumeId }: ListSnapshotsRequest): DiskImageFilter | undefined {
  const source = sourceVolumeId === '' ? {} : { diskId: sourceVolumeId }
  if (source.diskId !== undefined && !diskIds.is(source.diskId)) return undefined
  if (snapshotId === '') return source as DiskImageFilter
  const ref = parseSnapshotId(snapshotId)
  return source.diskId === undefined || source.diskId === ref?.diskId ? ref : undefined
}
