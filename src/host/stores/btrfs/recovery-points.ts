import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type DiskId, type RecoveryPointId, StorageError } from '../../../volumegroups/index.ts'
import { run } from '../../exec.ts'
import { refusals } from '../refusals.ts'
import { makeReadOnly, snapshotReadOnly, snapshotWritable } from './commands.ts'
import { fileAt, isReadOnly, isSubvolume, removeFile, removeSubvolume, syncDirectory } from './files.ts'
import { diskFile, diskOf, type GroupLayout, MANIFEST, staged } from './layout.ts'

/** One instant of these disks and of the manifest, under its name only when it is whole and read-only. */
export async function createRecoveryPoint(
  group: GroupLayout,
  id: RecoveryPointId,
  diskIds: readonly DiskId[],
): Promise<void> {
  const path = group.point(id)
  if (await isSubvolume(path)) return checkPoint(path, id, diskIds)
  for (const diskId of diskIds) {
    if ((await fileAt(group.disk(diskId))) === undefined) throw refusals.noDisk(diskId)
  }
  await removeSubvolume(staged(path))
  const wanted = new Set([MANIFEST, ...diskIds.map(diskFile)])
  const unwanted = (await readdir(group.active)).filter((name) => !wanted.has(name))
  if (unwanted.length === 0) await run(snapshotReadOnly(group.active, path))
  else await snapshotWithout(group, path, unwanted)
}

/** A snapshot is of the whole group, so what does not belong to the point is taken out before it gets its name. */
async function snapshotWithout(group: GroupLayout, path: string, unwanted: readonly string[]): Promise<void> {
  await run(snapshotWritable(group.active, staged(path)))
  for (const name of unwanted) await removeFile(join(staged(path), name))
  await run(makeReadOnly(staged(path)))
  await rename(staged(path), path)
  await syncDirectory(group.points)
}

async function checkPoint(path: string, id: RecoveryPointId, diskIds: readonly DiskId[]): Promise<void> {
  const held = (await readdir(path)).flatMap((name) => diskOf(name) ?? [])
  const same = held.length === new Set(diskIds).size && diskIds.every((diskId) => held.includes(diskId))
  if (!same) throw refusals.otherDisks(id)
  if (!(await isReadOnly(path))) throw writable(id)
}

export async function deleteRecoveryPoint(group: GroupLayout, id: RecoveryPointId): Promise<void> {
  const path = group.point(id)
  await removeSubvolume(staged(path))
  if ((await isSubvolume(path)) && !(await isReadOnly(path))) throw writable(id)
  await removeSubvolume(path)
}

const writable = (id: RecoveryPointId): StorageError =>
  new StorageError(
    'IDENTITY_MISMATCH',
    `what the store holds as recovery point ${id} is writable; it was not touched`,
    { entity: { kind: 'recoveryPoint', id } },
  )
