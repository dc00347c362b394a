import type { Transactor } from '../database.ts'
import { MAX_LUN } from '../limits.ts'
import type { ManifestDisk } from '../manifest.ts'
import type { AdoptedGroup, Decision, DecisionKind } from '../rules/recovery/types.ts'
import { freeName } from './names.ts'

type Of<Kind extends DecisionKind> = Extract<Decision, { kind: Kind }>

/** What each decision does to the database; one that is not here does nothing to it. */
const CHANGES: {
  readonly [Kind in DecisionKind]?: (tx: Transactor, decision: Of<Kind>, now: Date) => Promise<void>
} = {
  adoptGroup: (tx, { group }) => putGroup(tx, group),
  updateGroup: (tx, { group }) => putGroup(tx, group),
  adoptDisk: async (tx, { disk, isMissing }, now) => {
    await putDisk(tx, disk)
    if (isMissing) await tx.markMissing(disk.id, now)
  },
  updateDisk: (tx, { disk }) => putDisk(tx, disk),
  adoptPoint: async (tx, { point }) => {
    const project = (await tx.group(point.groupId))?.project ?? '/'
    const name = await freeName(tx, { kind: 'point', id: point.id, name: point.name, project })
    await tx.insertRecoveryPoint({ ...point, name })
  },
  updatePoint: (tx, { point }) => tx.updateRecoveryPoint(point.id, point),
  dropDisk: async (tx, { diskId }) => {
    const disk = await tx.disk(diskId)
    await tx.deleteAttachments(diskId, disk?.attachedTo ?? [])
    await tx.deleteDisk(diskId)
  },
  deleteDisk: async (tx, { deleted }) => {
    const { id } = deleted.disk
    await tx.deleteAttachments(id, (await tx.disk(id))?.attachedTo ?? [])
    await tx.deleteDisk(id)
    await tx.putDeletedDisk(deleted)
  },
  deleteGroup: async (tx, { group: { projectId, ...group }, deletion, settings }) => {
    const project = (await tx.project(projectId))?.path ?? '/'
    if (await tx.group(group.id)) await tx.deleteGroup(group.id)
    await tx.putDeletedGroup({ ...deletion, group: { ...group, project }, settings })
  },
  undeleteDisk: async (tx, { disk, isMissing }, now) => {
    await tx.dropDeleted(disk.id)
    await putDisk(tx, disk)
    if (isMissing) await tx.markMissing(disk.id, now)
  },
  undeleteGroup: async (tx, { group }) => {
    await tx.dropDeleted(group.id)
    await putGroup(tx, group)
  },
  dropDeleted: (tx, { diskId }) => tx.dropDeleted(diskId),
  dropPoint: (tx, { recoveryPointId }) => tx.deleteRecoveryPoint(recoveryPointId),
  adoptPolicy: async (tx, { policy, projectId }) => {
    const project = (await tx.project(projectId))?.path ?? '/'
    const name = await freeName(tx, { kind: 'policy', id: policy.id, name: policy.name, project })
    await tx.putPolicy({ ...policy, name, project })
  },
  adoptSettings: (tx, { on, settings }) => tx.putSettings(on, settings),
  groupMissing: (tx, { groupId }, now) => tx.markMissing(groupId, now),
  groupFound: (tx, { groupId }) => tx.markMissing(groupId, undefined),
  diskMissing: (tx, { diskId }, now) => tx.markMissing(diskId, now),
  diskFound: (tx, { diskId }) => tx.markMissing(diskId, undefined),
  finishOperation: async (tx, { operationId }, now) => {
    // Its result is what the database has now: a retry finds it by name.
    await tx.freeKeyOf(operationId)
    await tx.updateOperation(operationId, { state: 'done', committed: true, endedAt: now })
  },
}

export async function changeDatabase(
  tx: Transactor,
  decisions: readonly Decision[],
  now: Date,
): Promise<void> {
  const placed = decisions.flatMap((decision) => (decision.kind === 'placeProject' ? decision.project : []))
  if (placed.length > 0) await tx.placeProjects(placed)
  for (const decision of decisions) await CHANGES[decision.kind]?.(tx, decision as never, now)
}

async function putGroup(tx: Transactor, group: AdoptedGroup): Promise<void> {
  const project = (await tx.project(group.projectId))?.path ?? '/'
  const name = await freeName(tx, { kind: 'group', id: group.id, name: group.name, project })
  const former = await tx.group(group.id)
  if (former && former.project !== project) await bringNames(tx, group, project)
  await tx.putGroup({ ...group, name })
}

/** What the group holds comes to the project with it. */
async function bringNames(tx: Transactor, { id: groupId }: AdoptedGroup, project: string): Promise<void> {
  const all = { after: undefined, limit: Number.MAX_SAFE_INTEGER }
  const held = [
    ...(await tx.disks({ groupId }, all)).map(({ id, name }) => ({ kind: 'disk', id, name }) as const),
    ...(await tx.recoveryPoints({ groupId }, all)).map(
      ({ id, name }) => ({ kind: 'point', id, name }) as const,
    ),
  ]
  for (const thing of held) {
    const name = await freeName(tx, { ...thing, project })
    if (name !== thing.name) await tx.rename(thing.id, name)
  }
}

async function putDisk(tx: Transactor, disk: ManifestDisk): Promise<void> {
  const { id, name, groupId } = disk
  const project = (await tx.group(groupId))?.project ?? '/'
  const others = await tx.disks({ groupId }, { after: undefined, limit: MAX_LUN })
  const isTaken = others.some((other) => other.id !== id && other.lun === disk.lun)
  const lun = isTaken ? ((await tx.takeLun(groupId)) ?? disk.lun) : disk.lun
  await tx.putDisk({ ...disk, lun, name: await freeName(tx, { kind: 'disk', id, name, project }) })
}
