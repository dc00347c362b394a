import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function statusRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('status', (_, call) => groups.status(call))
  serve('capacity', (_, call) => groups.capacity(call))
}
