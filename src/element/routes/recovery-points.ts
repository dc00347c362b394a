import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function recoveryPointRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createRecoveryPoint', ({ body }, call) => groups.createRecoveryPoint(body, call))
  serve('getRecoveryPoint', ({ params }, call) => groups.getRecoveryPoint(params.recoveryPointId, call))
  serve('listRecoveryPoints', ({ query }, call) => groups.listRecoveryPoints(query, call))
  serve('listDiskImages', ({ query }, call) => groups.listDiskImages(query, call))
  serve('createGroupPoint', ({ params, body }, call) => groups.createGroupPoint({ ...params, ...body }, call))
  serve('updateRecoveryPoint', ({ params, body }, call) =>
    groups.updateRecoveryPoint(params.recoveryPointId, body, call),
  )
  serve('unlockRecoveryPoint', ({ params, body }, call) =>
    groups.unlockRecoveryPoint(params.recoveryPointId, body.why, call),
  )
  serve('deleteRecoveryPoint', ({ params }, call) => groups.deleteRecoveryPoint(params.recoveryPointId, call))
}
