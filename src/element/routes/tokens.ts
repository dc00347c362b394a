import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function tokenRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createToken', ({ body }, call) => groups.createToken(body, call))
  serve('listTokens', ({ query }, call) => groups.listTokens(query, call))
  serve('revokeToken', ({ params }, call) => groups.revokeToken(params.tokenId, call))
}
