import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function recoveryRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('getRecovery', ({ params }, call) => groups.getRecovery(params.recoveryId, call))
  serve('listRecoveries', ({ query }, call) => groups.listRecoveries(query, call))
}
