import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function volumeGroupRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createGroup', ({ body }, call) => groups.createGroup(body, call))
  serve('getGroup', ({ params }, call) => groups.getGroup(params.groupId, call))
  serve('listGroups', ({ query }, call) => groups.listGroups(query, call))
  serve('updateGroup', ({ params, body }, call) => groups.updateGroup(params.groupId, body, call))
  serve('moveGroup', ({ params, body }, call) => groups.moveGroup(params.groupId, body.project, call))
}
