import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function initiatorRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('registerInitiator', ({ params, body }, call) =>
    groups.registerInitiator({ id: params.initiatorId, ...body }, call),
  )
  serve('getInitiator', ({ params }, call) => groups.getInitiator(params.initiatorId, call))
  serve('listInitiators', ({ query }, call) => groups.listInitiators(query, call))
  serve('renewLease', ({ params, body }, call) => groups.renewLease({ ...params, ...body }, call))
  serve('removeInitiator', ({ params }, call) => groups.removeInitiator(params.initiatorId, call))
}
