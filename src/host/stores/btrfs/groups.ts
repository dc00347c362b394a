import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  type Manifest,
  type RecoveryPointId,
  recoveryPointIds,
  StorageError,
  type StoredGroup,
  type StoredPoint,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../../volumegroups/index.ts'
import { run } from '../../exec.ts'
import { decodeManifest, encodeManifest } from '../manifest-file.ts'
import { refusals } from '../refusals.ts'
import { createSubvolume } from './commands.ts'
import {
  ensureDirectory,
  fileAt,
  isDirectory,
  isSubvolume,
  readText,
  removeEmpty,
  removeFile,
  removeSubvolume,
  replaceFile,
  syncDirectory,
} from './files.ts'
import {
  diskOf,
  type GroupLayout,
  groupsDirectory,
  isOwnFile,
  isOwnPoint,
  layoutOf,
  staged,
} from './layout.ts'
import { finishSwitch } from './switch.ts'

/** The group's places, once it is sure that the group is there and is what it should be. */
export async function openGroup(poolPath: string, id: VolumeGroupId): Promise<GroupLayout> {
  const group = await findGroup(poolPath, id)
  if (group === undefined) throw refusals.noGroup(id)
  return group
}

/** As openGroup; undefined when the group is not there, or was not made or deleted to the end. */
export async function findGroup(poolPath: string, id: VolumeGroupId): Promise<GroupLayout | undefined> {
  const group = layoutOf(poolPath, id)
  const whole =
    (await isDirectory(groupsDirectory(poolPath))) &&
    (await isDirectory(group.directory)) &&
    (await isDirectory(group.points))
  if (!whole) return undefined
  await finishSwitch(group)
  return (await isSubvolume(group.active)) ? group : undefined
}

export async function createGroup(poolPath: string, id: VolumeGroupId): Promise<void> {
  const group = layoutOf(poolPath, id)
  await ensureDirectory(groupsDirectory(poolPath))
  await ensureDirectory(group.directory)
  await ensureDirectory(group.points)
  await finishSwitch(group)
  if (!(await isSubvolume(group.active))) await run(createSubvolume(group.active))
  await syncDirectory(group.directory)
}

export async function deleteGroup(poolPath: string, id: VolumeGroupId): Promise<void> {
  const group = layoutOf(poolPath, id)
  if (!(await isDirectory(group.directory))) return
  await finishSwitch(group)
  const files = (await isSubvolume(group.active)) ? await readdir(group.active) : []
  const points = (await isDirectory(group.points)) ? await readdir(group.points) : []
  refuseHeld(id, files, points)
  await refuseForeign(group, files, points)
  for (const name of files) await removeFile(join(group.active, name))
  for (const name of points) await removeSubvolume(join(group.points, name))
  for (const path of [staged(group.active), group.previous]) await removeSubvolume(path)
  // The directory goes last: while it is there, the next call finds what is left to do.
  for (const path of [group.active, group.points, group.directory]) await removeEmpty(path)
  await syncDirectory(dirname(group.directory))
}

function refuseHeld(id: VolumeGroupId, files: readonly string[], points: readonly string[]): void {
  const held = [...files.flatMap((name) => diskOf(name) ?? []), ...points.filter(recoveryPointIds.is)]
  if (held.length > 0) throw refusals.notEmpty(id, held)
}

async function refuseForeign(
  group: GroupLayout,
  files: readonly string[],
  points: readonly string[],
): Promise<void> {
  const own = [group.active, staged(group.active), group.previous, group.points].map((path) => basename(path))
  const foreign = [
    ...(await readdir(group.directory)).filter((name) => !own.includes(name)),
    ...files.filter((name) => !isOwnFile(name)),
    ...points.filter((name) => !isOwnPoint(name)),
  ]
  if (foreign.length === 0) return
  throw new StorageError(
    'IDENTITY_MISMATCH',
    `the group's directory holds what Mooring did not make (${foreign[0]}); nothing was deleted`,
  )
}

export async function writeManifest(group: GroupLayout, manifest: Manifest): Promise<void> {
  await replaceFile(group.manifest, encodeManifest(manifest))
}

export async function readManifest(group: GroupLayout, id: VolumeGroupId): Promise<Manifest | undefined> {
  const text = await readText(group.manifest)
  return text === undefined ? undefined : decodeManifest(text, id)
}

export async function listGroups(poolPath: string): Promise<readonly VolumeGroupId[]> {
  if (!(await isDirectory(groupsDirectory(poolPath)))) return []
  return (await readdir(groupsDirectory(poolPath))).filter(volumeGroupIds.is)
}

/** What is stored of the group; undefined when it is not there. */
export async function inspectGroup(poolPath: string, id: VolumeGroupId): Promise<StoredGroup | undefined> {
  const group = await findGroup(poolPath, id)
  if (group) return { id, disks: await disksIn(group.active), recoveryPoints: await pointsIn(group) }
  const rest = layoutOf(poolPath, id)
  const points = (await isDirectory(rest.points)) ? await pointsIn(rest) : []
  return points.length === 0 ? undefined : { id, disks: [], recoveryPoints: points, isHeadless: true }
}

/** What is stored of one recovery point. */
export async function inspectPoint(
  poolPath: string,
  groupId: VolumeGroupId,
  id: RecoveryPointId,
): Promise<StoredPoint> {
  const path = layoutOf(poolPath, groupId).point(id)
  if (!(await isSubvolume(path))) throw refusals.noRecoveryPoint(id)
  // A snapshot has the times of what it was taken of: not later than its making, and close enough for an order.
  const { ctime } = await stat(path)
  return { id, disks: await disksIn(path), createdAt: ctime }
}

async function disksIn(directory: string): Promise<StoredGroup['disks']> {
  const disks: StoredGroup['disks'][number][] = []
  for (const name of await readdir(directory)) {
    const id = diskOf(name)
    const file = id && (await fileAt(join(directory, name)))
    if (file) disks.push({ id, sizeBytes: file.size })
  }
  return disks
}

async function pointsIn(group: GroupLayout): Promise<RecoveryPointId[]> {
  const points: RecoveryPointId[] = []
  for (const id of (await readdir(group.points)).filter(recoveryPointIds.is)) {
    if (await isSubvolume(group.point(id))) points.push(id)
  }
  return points
}
