import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function operationRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('getOperation', ({ params }, call) => groups.getOperation(params.operationId, call))
  serve('listOperations', ({ query }, call) => groups.listOperations(query, call))
}
