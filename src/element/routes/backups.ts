import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function backupRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createBackup', (_, call) => groups.createBackup(call))
  serve('listBackups', ({ query }, call) => groups.listBackups(query, call))
}
