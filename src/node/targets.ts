import { type DiskId, StorageError } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'

/** The recorded targets at which something is still mounted: a reboot takes the mounts and leaves the record. */
export async function publishedAt(parts: NodeParts, { targets }: VolumeRecord): Promise<readonly string[]> {
  const mounted = await Promise.all(targets.map((path) => parts.machine.mountAt(path)))
  return targets.filter((_, index) => mounted[index] !== undefined)
}

/** Drops the target from the record, once nothing is there any more. */
export async function forgetTarget(parts: NodeParts, diskId: DiskId, path: string): Promise<void> {
  const record = await parts.records.read(diskId)
  if (!record?.targets.includes(path)) return
  await parts.records.write({ ...record, targets: record.targets.filter((target) => target !== path) })
}

/** The record of the volume that is staged or published at the path; VOLUME_NOT_AT_PATH when it is not there. */
export async function volumeAt(parts: NodeParts, diskId: DiskId, path: string): Promise<VolumeRecord> {
  const record = await parts.records.read(diskId)
  if (record?.phase === 'staged' && (await isAt(parts, record, path))) return record
  throw new StorageError('VOLUME_NOT_AT_PATH', `${diskId} is neither staged nor published at ${path}`, {
    entity: { kind: 'disk', id: diskId },
  })
}

async function isAt(parts: NodeParts, record: VolumeRecord, path: string): Promise<boolean> {
  if (path === record.stagingPath && record.accessType === 'block') return true // nothing is mounted there
  const known = [record.stagingPath, ...record.targets].includes(path)
  return known && (await parts.machine.mountAt(path)) !== undefined
}
