import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import type { DeletedGroup, UndeleteOptions } from '../deletions.ts'
import { StorageError, Violations } from '../errors.ts'
import type { DiskId, VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { Disk, ProjectPath } from '../types.ts'
import { exclusive, nameLock, notFound, type Parts, refuseMissing, shared } from './parts.ts'
import { insideLocks } from './places.ts'

type Request = UndeleteOptions & { readonly id: DiskId }

interface Intent {
  readonly disk: Omit<Disk, 'attachedTo'>
  readonly project: ProjectPath
  /** Deleted too, and back with the disk: it was made for it alone. */
  readonly former?: DeletedGroup | undefined
}

/** A deleted disk is there again, as it was; its data never went. */
export function undeleteDisk({ store, manifests }: Parts): Definition<Transactor, Request, Intent, Disk> {
  return {
    kind: 'undeleteDisk',
    plan: async (tx, { id, name }) => {
      const deleted = await tx.deletedDisk(id)
      if (deleted === undefined) {
        const disk = await tx.disk(id)
        if (disk === undefined) throw notFound({ kind: 'disk', id })
        return { met: { result: disk, subject: id } }
      }
      const disk = {
        ...deleted.disk,
        ...{ name: name ?? deleted.disk.name, generation: deleted.disk.generation + 1 },
      }
      return { intent: { disk, ...(await placeOf(tx, disk)) } }
    },
    locks: ({ disk, project, former }) => [
      exclusive(disk.id),
      nameLock('disk', project, disk.name),
      ...insideLocks(project),
      former ? exclusive(disk.groupId) : shared(disk.groupId),
    ],
    subject: ({ disk }) => disk.id,
    entities: ({ disk }) => [disk.id, disk.groupId],
    steps: [
      {
        name: 'look for its data',
        run: async ({ disk: { id, groupId, sizeBytes } }) =>
          store.growDisk(groupId, id, sizeBytes).catch(unlessGone(id)),
      },
      restoresManifest(manifests, ({ disk }) => disk.groupId),
    ],
    seal: ({ disk }, commit) => manifests.seal(disk.groupId, commit),
    commit: async (tx, { disk, former }) => {
      if (former) {
        await tx.insertUndeleted(former)
        await tx.dropDeleted(former.group.id)
      }
      await tx.touchGroup(disk.groupId)
      await tx.dropDeleted(disk.id)
      await tx.insertDisk(disk)
      return { ...disk, attachedTo: [] }
    },
    forward: [],
    supersedes: ['deleteDisk'],
  }
}

/** Where the disk belongs; tells all that is in its way. */
async function placeOf(
  tx: Reader,
  { id, groupId, name }: Omit<Disk, 'attachedTo'>,
): Promise<Omit<Intent, 'disk'>> {
  const group = await tx.group(groupId)
  if (group) refuseMissing('volumeGroup', group)
  const former = group ? undefined : await tx.deletedGroup(groupId)
  const { project } = group ?? former?.group ?? { project: undefined }
  if (project === undefined) throw notFound({ kind: 'volumeGroup', id: groupId })
  const faults = new Violations()
  if (former && !former.group.implicit) faults.add('groupId', 'VOLUME_GROUP_DELETED', deletedToo(id, groupId))
  const holder = await tx.diskNamed(project, name)
  if (holder)
    faults.add('name', 'NAME_TAKEN', `disk ${holder.id} is called "${name}" now; choose another name`)
  faults.throwIfAny()
  return { project, ...(former && { former }) }
}

const deletedToo = (id: DiskId, groupId: VolumeGroupId): string =>
  `the volume group ${groupId} of disk ${id} is deleted too; undelete it first`

const unlessGone =
  (id: DiskId) =>
  (error: unknown): void => {
    const isGone =
      error instanceof StorageError &&
      (error.reason === 'DISK_NOT_FOUND' || error.reason === 'VOLUME_GROUP_NOT_FOUND')
    if (!isGone) throw error
    const entity = { kind: 'disk', id } as const
    throw new StorageError('DATA_MISSING', `the store has no data of deleted disk ${id}`, {
      entity,
      cause: error,
    })
  }
