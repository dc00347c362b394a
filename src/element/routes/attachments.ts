import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function attachmentRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('grant', ({ params, body }, call) => groups.grant({ ...params, ...body }, call))
  serve('revoke', ({ params }, call) => groups.revoke(params.diskId, params.initiatorId, call))
  serve('revokeAll', ({ params }, call) => groups.revoke(params.diskId, undefined, call))
  serve('connection', ({ params }, call) => groups.connection(params.diskId, params.initiatorId, call))
  serve('listAttachments', ({ query }, call) => groups.listAttachments(query, call))
}
