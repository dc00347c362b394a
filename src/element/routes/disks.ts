import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function diskRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createDisk', ({ body }, call) => groups.createDisk(body, call))
  serve('getDisk', ({ params }, call) => groups.getDisk(params.diskId, call))
  serve('listDisks', ({ query }, call) => groups.listDisks(query, call))
  serve('growDisk', ({ params, body }, call) => groups.growDisk(params.diskId, body, call))
}
