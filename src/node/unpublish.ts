import type { DiskId } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import { forgetTarget } from './targets.ts'

export interface UnpublishRequest {
  readonly diskId: DiskId
  readonly targetPath: string
}

/** Takes the volume away from the target and removes the target, whatever is left of either. */
export async function unpublish(parts: NodeParts, { diskId, targetPath }: UnpublishRequest): Promise<void> {
  await parts.machine.unmount(targetPath)
  await parts.machine.removeTarget(targetPath)
  await forgetTarget(parts, diskId, targetPath)
}
