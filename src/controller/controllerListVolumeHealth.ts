import type {
  ControllerListVolumeHealthRequest,
  ControllerListVolumeHealthResponse,
} from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import { collectPages } from './collect-pages.ts'
import { readHealth } from './volume-health.ts'

/** The volumes with which something is wrong, and only those. */
export function controllerListVolumeHealth(
  groups: Pick<VolumeGroups, 'listDisks' | 'listOperations'>,
): Handler<ControllerListVolumeHealthRequest, ControllerListVolumeHealthResponse> {
  return async (request, call) => {
    const healthOf = await readHealth(groups, call)
    const page = await collectPages(request, async (query) => {
      const { items, nextToken } = await groups.listDisks(query, call)
      const found = items.map(({ id }) => healthOf(id))
      return { items: found.filter(({ healthStatuses }) => healthStatuses.length > 0), nextToken }
    })
    return { entries: page.items, nextToken: page.nextToken ?? '' }
  }
}
