import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function deletionRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('deleteGroup', ({ params, query }, call) => groups.deleteGroup(params.groupId, query, call))
  serve('deleteDisk', ({ params, query }, call) => groups.deleteDisk(params.diskId, query, call))
  serve('undeleteGroup', ({ params, body }, call) => groups.undeleteGroup(params.groupId, body, call))
  serve('undeleteDisk', ({ params, body }, call) => groups.undeleteDisk(params.diskId, body, call))
  serve('listDeleted', ({ query }, call) => groups.listDeleted(query, call))
  serve('purgeDeleted', ({ params }, call) => groups.purgeDeleted(params.deletedId, call))
}
