import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { DeletedGroup, UndeleteOptions } from '../deletions.ts'
import { StorageError } from '../errors.ts'
import type { VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { VolumeGroup } from '../types.ts'
import { exclusive, nameLock, notFound, type Parts } from './parts.ts'
import { insideLocks } from './places.ts'

type Request = UndeleteOptions & { readonly id: VolumeGroupId }

/** A deleted group is there again, with what was set on it. Its disks stay deleted. */
export function undeleteGroup({
  store,
  manifests,
}: Parts): Definition<Transactor, Request, DeletedGroup, VolumeGroup> {
  return {
    kind: 'undeleteGroup',
    plan: async (tx, { id, name }) => {
      const deleted = await tx.deletedGroup(id)
      if (deleted === undefined) {
        const group = await tx.group(id)
        if (group === undefined) throw notFound({ kind: 'volumeGroup', id })
        return { met: { result: group, subject: id } }
      }
      const { name: former, project, generation } = deleted.group
      const group = { ...deleted.group, name: name ?? former, generation: generation + 1 }
      const holder = await tx.groupNamed(project, group.name)
      if (holder) throw taken(holder)
      return { intent: { ...deleted, group } }
    },
    locks: ({ group: { id, project, name } }) => [
      exclusive(id),
      nameLock('volume group', project, name),
      ...insideLocks(project),
    ],
    subject: ({ group }) => group.id,
    entities: ({ group }) => [group.id],
    steps: [
      { name: 'look for its data', run: ({ group }) => store.createGroup(group.id) },
      restoresManifest(manifests, ({ group }) => group.id),
    ],
    seal: ({ group }, commit) => manifests.seal(group.id, commit),
    commit: async (tx, deleted) => {
      await tx.insertUndeleted(deleted)
      await tx.dropDeleted(deleted.group.id)
      return deleted.group
    },
    forward: [],
    supersedes: ['deleteGroup'],
  }
}

const taken = ({ id, name }: VolumeGroup): StorageError =>
  new StorageError('NAME_TAKEN', `volume group ${id} is called "${name}" now; choose another name`, {
    entity: { kind: 'volumeGroup', id },
  })
