import { constants, copyFile, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskId, StoreSource } from '../../../volumegroups/index.ts'
import { refusals } from '../refusals.ts'
import { fileAt, isSubvolume, removeFile, syncDirectory } from './files.ts'
import { openGroup } from './groups.ts'
import { diskFile, type GroupLayout, staged } from './layout.ts'
import { checkRoom } from './space.ts'

export interface DiskPlan {
  readonly group: GroupLayout
  readonly id: DiskId
  readonly sizeBytes: bigint
  readonly source: StoreSource | undefined
}

/** The file appears under its name only when it is whole. */
export async function createDisk(
  poolPath: string,
  { group, id, sizeBytes, source }: DiskPlan,
): Promise<void> {
  const path = group.disk(id)
  const existing = await fileAt(path)
  if (existing?.size === sizeBytes) return
  if (existing) throw refusals.otherSize(id, existing.size, sizeBytes)
  const origin = source && (await findSource(poolPath, source))
  if (origin && origin.sizeBytes > sizeBytes) throw refusals.sourceLarger(id, origin.sizeBytes, sizeBytes)
  await checkRoom(poolPath, sizeBytes)
  await removeFile(staged(path))
  if (origin) await cloneFile(origin.path, staged(path))
  await setSize(staged(path), sizeBytes)
  await rename(staged(path), path)
  await syncDirectory(group.active)
}

/** Shares the blocks and copies nothing; works between subvolumes of one mount. */
export const cloneFile = (from: string, to: string): Promise<void> =>
  copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)

export async function setSize(path: string, sizeBytes: bigint): Promise<void> {
  await using handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  await handle.truncate(Number(sizeBytes))
  await handle.sync()
}

/** The file with the source's content. */
export async function findSource(
  poolPath: string,
  source: StoreSource,
): Promise<{ path: string; sizeBytes: bigint }> {
  const group = await openGroup(poolPath, source.groupId)
  const path =
    source.kind === 'disk'
      ? group.disk(source.diskId)
      : join(group.point(source.recoveryPointId), diskFile(source.diskId))
  if (source.kind === 'recoveryPoint' && !(await isSubvolume(group.point(source.recoveryPointId)))) {
    throw refusals.noRecoveryPoint(source.recoveryPointId)
  }
  const file = await fileAt(path)
  if (file) return { path, sizeBytes: file.size }
  throw source.kind === 'disk'
    ? refusals.noDisk(source.diskId)
    : refusals.noRecoveryPoint(source.recoveryPointId, source.diskId)
}

export async function growDisk(poolPath: string, group: GroupLayout, plan: GrowPlan): Promise<void> {
  const file = await fileAt(group.disk(plan.id))
  if (file === undefined) throw refusals.noDisk(plan.id)
  if (file.size >= plan.sizeBytes) return
  await checkRoom(poolPath, plan.sizeBytes - file.size)
  await setSize(group.disk(plan.id), plan.sizeBytes)
}

export type GrowPlan = Pick<DiskPlan, 'id' | 'sizeBytes'>

export async function deleteDisk(group: GroupLayout, id: DiskId): Promise<void> {
  await removeFile(staged(group.disk(id)))
  await removeFile(group.disk(id))
  await syncDirectory(group.active)
}
