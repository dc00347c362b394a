import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function contentRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('revertGroup', ({ params, body }, call) =>
    groups.revertGroup(params.recoveryPointId, body.keepAs, call),
  )
  serve('restoreGroup', ({ params, body }, call) => groups.restoreGroup(params.recoveryPointId, body, call))
  serve('groupSpace', ({ params }, call) => groups.groupSpace(params.groupId, call))
  serve('allocated', ({ params, query }, call) => groups.allocated(params, query, call))
  serve('delta', ({ params: { recoveryPointId, diskId }, query: { base, ...query } }, call) =>
    groups.delta({ diskId, base, target: recoveryPointId }, query, call),
  )
}
