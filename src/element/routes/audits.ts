import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function auditRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('audit', (_, call) => groups.audit(call))
}
