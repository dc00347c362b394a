import assert from 'node:assert'
import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { diskIds, type ProjectId, type RecoveryPointId } from '../ids.ts'
import { MAX_LUN } from '../limits.ts'
import { restoresManifest } from '../manifests.ts'
import type { GroupSpec, Store } from '../ports.ts'
import type { Disk, RecoveryPoint, VolumeGroup } from '../types.ts'
import { newGroup } from './createGroup.ts'
import { nameLock, notFound, type Parts, shared } from './parts.ts'
import { ensureProject, insideLocks, placeFor } from './places.ts'
import { sumOf } from './promises.ts'

type Request = GroupSpec & { readonly id: RecoveryPointId }
type StoredDisk = Omit<Disk, 'attachedTo'>

interface Intent {
  /** The project, or the nearest one above it that was there before. */
  readonly placeId: ProjectId
  readonly point: RecoveryPoint
  readonly group: VolumeGroup
  readonly disks: readonly StoredDisk[]
}

/** A group may have many disks, and each clone takes longer the more pieces its disk is in. */
const CLONES_LIMIT_MS = 300_000

/** Makes a new group with a new disk for each one of a recovery point, with its content. */
export function restoreGroup({
  store,
  manifests,
  space,
  now,
}: Parts): Definition<Transactor, Request, Intent, VolumeGroup> {
  return {
    kind: 'restoreGroup',
    plan: async (tx, spec) => {
      const { id: placeId } = await placeFor(tx, spec)
      const point = await tx.recoveryPoint(spec.id)
      if (point === undefined) throw notFound({ kind: 'recoveryPoint', id: spec.id })
      const { name, project } = spec
      const known = await tx.groupNamed(project, name)
      if (known) return { met: { result: await checkSame(tx, known, point), subject: known.id } }
      const group = newGroup({ name, project, implicit: false }, now())
      const disks = await newDisks(tx, group, point)
      await space.promise(tx, sumOf(disks))
      return { intent: { placeId, point, group, disks } }
    },
    locks: ({ group, point }) => [
      nameLock('volume group', group.project, group.name),
      ...insideLocks(group.project),
      shared(point.id),
    ],
    subject: ({ group }) => group.id,
    entities: ({ placeId, group, point, disks }) => [
      placeId,
      group.id,
      point.id,
      ...disks.map(({ id }) => id),
    ],
    check: ({ disks }) => space.admit(sumOf(disks)),
    steps: [
      {
        name: 'create group',
        run: ({ group }) => store.createGroup(group.id),
        undo: ({ group }) => store.deleteGroup(group.id),
      },
      {
        name: 'clone disks',
        run: (intent) => cloneDisks(store, intent),
        undo: async ({ disks }) => {
          for (const { id, groupId } of disks) await store.deleteDisk(groupId, id)
        },
        limitMs: CLONES_LIMIT_MS,
      },
      restoresManifest(manifests, ({ group }) => group.id),
    ],
    seal: ({ group }, commit) => manifests.seal(group.id, commit),
    commit: async (tx, { group, disks }) => {
      await ensureProject(tx, group)
      await tx.insertGroup(group)
      for (const disk of disks) {
        const lun = await tx.takeLun(group.id)
        assert(lun === disk.lun, 'the LUNs of a new group are given out in order')
        await tx.insertDisk(disk)
      }
      return group
    },
    forward: [],
    supersedes: [],
  }
}

async function cloneDisks(store: Store, { point, disks }: Intent): Promise<void> {
  for (const [index, { id, groupId, sizeBytes }] of disks.entries()) {
    const { diskId } = point.disks[index] as RecoveryPoint['disks'][number]
    const source = {
      kind: 'recoveryPoint',
      groupId: point.groupId,
      recoveryPointId: point.id,
      diskId,
    } as const
    await store.createDisk(groupId, id, sizeBytes, source)
  }
}

/** Each is called by its id: the names of the point's disks belong to those. */
async function newDisks(tx: Reader, group: VolumeGroup, point: RecoveryPoint): Promise<StoredDisk[]> {
  const disks: StoredDisk[] = []
  for (const [index, { diskId, sizeBytes }] of point.disks.entries()) {
    const id = diskIds.create()
    const attributes = (await tx.disk(diskId))?.attributes ?? {}
    disks.push({
      ...{ id, name: id, groupId: group.id, sizeBytes, lun: index + 1, attributes, generation: 1 },
      source: { kind: 'recoveryPoint', recoveryPointId: point.id, diskId },
      createdAt: group.createdAt,
    })
  }
  return disks
}

/** A retry finds the group that was made before: every one of its disks came from the point. */
async function checkSame(tx: Reader, group: VolumeGroup, point: RecoveryPoint): Promise<VolumeGroup> {
  const disks = await tx.disks({ groupId: group.id }, { after: undefined, limit: MAX_LUN })
  const same = disks.every(
    ({ source }) => source?.kind === 'recoveryPoint' && source.recoveryPointId === point.id,
  )
  if (same && disks.length === point.disks.length) return group
  const message = `volume group ${group.name} exists, and is not what was restored from ${point.id}`
  throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'volumeGroup', id: group.id } })
}
