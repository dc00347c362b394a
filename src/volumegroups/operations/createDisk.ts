import type { Definition } from '../../journal/index.ts'
import type { StoreSource } from '../contents.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { diskIds, type ProjectId, type VolumeGroupId } from '../ids.ts'
import { MAX_LUN } from '../limits.ts'
import { restoresManifest } from '../manifests.ts'
import type { DiskSpec } from '../ports.ts'
import { imageIn } from '../rules/images.ts'
import { checkSame } from '../rules/same.ts'
import { sizeFor } from '../rules/sizes.ts'
import type { Disk, DiskSource, VolumeGroup } from '../types.ts'
import { newGroup } from './createGroup.ts'
import { type GroupSettings, setAll, settingsFor } from './group-settings.ts'
import { nameLock, notFound, type Parts, refuseMissing, shared } from './parts.ts'
import { ensureProject, insideLocks, placeFor } from './places.ts'

interface Intent {
  /** The project, or the nearest one above it that was there before. */
  readonly placeId: ProjectId
  readonly disk: Omit<Disk, 'attachedTo'>
  readonly group: VolumeGroup
  readonly makesGroup: boolean
  readonly source: StoreSource | undefined
  /** What is set on the group with it. */
  readonly settings: GroupSettings
}

/** Makes a disk, blank or with a source's content, and with it the group that it asks for. */
export function createDisk(parts: Parts): Definition<Transactor, DiskSpec, Intent, Disk> {
  const { store, manifests, space } = parts
  return {
    kind: 'createDisk',
    plan: async (tx, spec) => {
      const { group, makesGroup, placeId } = await placeOf(tx, spec, parts.now())
      const known = await tx.diskNamed(group.project, spec.name)
      if (known) {
        checkSame(known, await tx.group(known.groupId), spec)
        return { met: { result: known, subject: known.id } }
      }
      const settings = await settingsFor(tx, group.project, spec.groupChanges ?? {})
      const source = await sourceOf(tx, spec.source)
      const sizeBytes = sizeFor(spec.size, source?.sizeBytes)
      await space.promise(tx, sizeBytes)
      const lun = makesGroup ? FIRST_LUN : await takeLun(tx, group.id)
      const disk = { ...newDisk(spec, parts.now()), groupId: group.id, sizeBytes, lun }
      return { intent: { placeId, disk, group, makesGroup, source: source?.from, settings } }
    },
    locks: ({ disk, group, makesGroup, source }) => [
      nameLock('disk', group.project, disk.name),
      ...insideLocks(group.project),
      makesGroup ? nameLock('volume group', group.project, group.name) : shared(group.id),
      ...(source ? [shared(source.kind === 'disk' ? source.diskId : source.recoveryPointId)] : []),
    ],
    subject: ({ disk }) => disk.id,
    entities: ({ disk, placeId }) => [placeId, disk.id, disk.groupId],
    check: ({ disk }) => space.admit(disk.sizeBytes),
    steps: [
      {
        name: 'create group',
        run: async ({ group, makesGroup }) => makesGroup && store.createGroup(group.id),
        undo: async ({ group, makesGroup }) => makesGroup && store.deleteGroup(group.id),
      },
      {
        name: 'create disk',
        run: ({ disk, source }) => store.createDisk(disk.groupId, disk.id, disk.sizeBytes, source),
        undo: ({ disk }) => store.deleteDisk(disk.groupId, disk.id),
      },
      restoresManifest(manifests, ({ group }) => group.id),
    ],
    seal: ({ group }, commit) => manifests.seal(group.id, commit),
    commit: async (tx, { disk, group, makesGroup, settings }) => {
      if (makesGroup) {
        await ensureProject(tx, group)
        await tx.insertGroup(group)
        await tx.takeLun(group.id)
      } else await tx.touchGroup(group.id)
      await setAll(tx, group, settings, disk.createdAt)
      await tx.insertDisk(disk)
      return { ...disk, attachedTo: [] }
    },
    forward: [],
    supersedes: [],
  }
}

const FIRST_LUN = 1

/** The group that the disk asks for: one that exists, or one to be made with it. */
async function placeOf(
  tx: Reader,
  spec: DiskSpec,
  at: Date,
): Promise<Pick<Intent, 'group' | 'makesGroup' | 'placeId'>> {
  const { group: choice, project } = spec
  if (choice.kind === 'existing') {
    const group = await tx.group(choice.id)
    if (group === undefined) throw notFound({ kind: 'volumeGroup', id: choice.id })
    refuseMissing('volumeGroup', group)
    const { id: placeId } = await placeFor(tx, group)
    return { group, makesGroup: false, placeId }
  }
  const { id: placeId } = await placeFor(tx, spec)
  if (choice.kind === 'own') {
    return { group: newGroup({ name: undefined, project, implicit: true }, at), makesGroup: true, placeId }
  }
  const known = await tx.groupNamed(project, choice.name)
  if (known) refuseMissing('volumeGroup', known)
  const group = known ?? newGroup({ name: choice.name, project, implicit: false }, at)
  return { group, makesGroup: known === undefined, placeId }
}

const newDisk = ({ name, attributes, source, groupChanges }: DiskSpec, createdAt: Date) => ({
  id: diskIds.create(),
  ...{ name, attributes, source, groupChanges },
  generation: 1,
  createdAt,
})

async function sourceOf(
  tx: Reader,
  source: DiskSource | undefined,
): Promise<{ from: StoreSource; sizeBytes: bigint } | undefined> {
  if (source === undefined) return undefined
  const { diskId } = source
  if (source.kind === 'disk') {
    const disk = await tx.disk(diskId)
    if (disk === undefined) throw notFound({ kind: 'disk', id: diskId })
    refuseMissing('disk', disk)
    return { from: { kind: 'disk', groupId: disk.groupId, diskId }, sizeBytes: disk.sizeBytes }
  }
  const { recoveryPointId } = source
  const point = await tx.recoveryPoint(recoveryPointId)
  if (point === undefined) throw notFound({ kind: 'recoveryPoint', id: recoveryPointId })
  const from = { kind: 'recoveryPoint', groupId: point.groupId, recoveryPointId, diskId } as const
  return { from, sizeBytes: imageIn(point, diskId).sizeBytes }
}

async function takeLun(tx: Transactor, id: VolumeGroupId): Promise<number> {
  const lun = await tx.takeLun(id)
  if (lun !== undefined) return lun
  const message = `volume group ${id} holds ${MAX_LUN} disks, the most that it can`
  throw new StorageError('LIMIT_REACHED', message, { entity: { kind: 'volumeGroup', id } })
}
