import type { ListVolumesRequest, ListVolumesResponse } from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { collectPages } from './collect-pages.ts'
import { toVolume } from './volume.ts'

/** All volumes, with the nodes that they are published to. */
export function listVolumes(
  groups: Pick<VolumeGroups, 'listDisks' | 'status'>,
): Handler<ListVolumesRequest, ListVolumesResponse> {
  return async (request, call) => {
    const page = await collectPages(request, (query) => groups.listDisks(query, call))
    const { site } = await groups.status(call)
    const entries = page.items.map((disk) => ({
      volume: toVolume(disk, site),
      status: { publishedNodeIds: disk.attachedTo },
    }))
    return { entries, nextToken: page.nextToken ?? '' }
  }
}
