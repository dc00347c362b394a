import { type DiskId, type Reason, StorageError } from '../volumegroups/index.ts'
import { deviceOf, release } from './encryption.ts'
import { isMountOf } from './machine.ts'
import type { AttachMode, NodeParts } from './parts.ts'
import { hasMount, type VolumeRecord } from './records.ts'
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
  if (record === undefined) return unstageUnrecorded(parts, request)
  if (record.stagingPath !== stagingPath) {
    throw refusal('VOLUME_NOT_AT_PATH', diskId, `the volume is staged at ${record.stagingPath}`)
  }
  const [published] = await publishedAt(parts, record)
  if (published !== undefined) {
    throw refusal('MOUNT_BUSY', diskId, `the volume is still published at ${published}; unpublish it first`)
  }
  await takeDown(parts, record)
}

const refusal = (reason: Reason, diskId: DiskId, message: string): StorageError =>
  new StorageError(reason, message, { entity: { kind: 'disk', id: diskId } })

/** Without a record, only what is known by its device to be this volume is taken down. */
async function unstageUnrecorded(parts: NodeParts, { diskId, stagingPath }: UnstageRequest): Promise<void> {
  const mounted = await parts.machine.mountAt(stagingPath)
  const sides = [undefined, 'luks' as const].map((encryption) => deviceOf(parts, { diskId, encryption }))
  const devices = (await Promise.all(sides)).filter((device) => device !== undefined)
  const isOurs = mounted !== undefined && devices.some((device) => isMountOf(mounted, device))
  if (mounted !== undefined && !isOurs) {
    const message = 'something is mounted at the staging path, and this node has no record of having done so'
    throw refusal('MOUNT_POINT_TAKEN', diskId, message)
  }
  if (isOurs) await parts.machine.unmount(stagingPath)
  await detach(parts, diskId, parts.attach)
}

/** Each step is done whether or not it was done before; the record goes last. */
export async function takeDown(parts: NodeParts, record: VolumeRecord): Promise<void> {
  if (hasMount(record)) await parts.machine.unmount(record.stagingPath)
  await detach(parts, record.diskId, record.attach)
  await parts.records.remove(record.diskId)
}

async function detach(parts: NodeParts, diskId: DiskId, attach: AttachMode): Promise<void> {
  await release(parts, diskId)
  if (attach !== 'node') return
  try {
    await parts.groups.revoke(diskId, parts.nodeId)
  } catch (error) {
    // A disk that is gone is no longer granted.
    if (!(error instanceof StorageError && error.reason === 'DISK_NOT_FOUND')) throw error
  }
}
