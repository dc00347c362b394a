import { type DiskId, StorageError } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'
import { publishedAt } from './targets.ts'

export interface UnstageRequest {
  readonly diskId: DiskId
  readonly stagingPath: string
}

/**
 * Takes the volume off this node, from whatever state it is in; OK when it is not on it. What was granted and where
 * it was mounted comes from the record alone.
 */
export async function unstage(parts: NodeParts, request: UnstageRequest): Promise<void> {
  const { diskId, stagingPath } = request
  const record = await parts.records.read(diskId)
  if (record === undefined) return takeDown(parts, { diskId, stagingPath, attach: parts.attach })
  if (record.stagingPath !== stagingPath) {
    throw new StorageError('VOLUME_NOT_AT_PATH', `the volume is staged at ${record.stagingPath}`, {
      entity: { kind: 'disk', id: diskId },
    })
  }
  const published = await publishedAt(parts, record)
  if (published.length > 0) {
    throw new StorageError('MOUNT_BUSY', `the volume is still published at ${published[0]!.path}`, {
      entity: { kind: 'disk', id: diskId },
      fix: 'Unpublish it from there first.',
    })
  }
  await takeDown(parts, record)
}

/** Each step is done whether or not it was done before; the record goes last. */
export async function takeDown(
  parts: NodeParts,
  held: Pick<VolumeRecord, 'diskId' | 'stagingPath' | 'attach'>,
  options: { readonly keepRecord?: boolean } = {},
): Promise<void> {
  await parts.machine.unmount(held.stagingPath)
  await parts.initiator.detach(held.diskId)
  if (held.attach === 'node') await revoke(parts, held.diskId)
  if (!options.keepRecord) await parts.records.remove(held.diskId)
}

/** A disk that is gone is no longer granted. */
async function revoke(parts: NodeParts, diskId: DiskId): Promise<void> {
  try {
    await parts.groups.revoke(diskId, parts.nodeId)
  } catch (error) {
    if (!(error instanceof StorageError && error.reason === 'DISK_NOT_FOUND')) throw error
  }
}
