import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { VolumeGroupId } from '../ids.ts'
import { exclusive, listed, type Parts } from './parts.ts'

interface Intent {
  readonly id: VolumeGroupId
}

/** Deletes an empty group: from the database, then from the store. */
export function deleteGroup({ store }: Parts): Definition<Transactor, VolumeGroupId, Intent, void> {
  return {
    kind: 'deleteGroup',
    plan: async (tx, id) => {
      if ((await tx.group(id)) === undefined) return { met: { result: undefined, subject: id } }
      const held = await tx.contents(id, 100)
      if (held.length > 0) throw notEmpty(id, held)
      return { intent: { id } }
    },
    locks: ({ id }) => [exclusive(id)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [],
    commit: (tx, { id }) => tx.deleteGroup(id),
    forward: [{ name: 'delete group', run: ({ id }) => store.deleteGroup(id) }],
    supersedes: ['createGroup'],
  }
}

const notEmpty = (id: VolumeGroupId, held: readonly string[]): StorageError =>
  new StorageError('VOLUME_GROUP_NOT_EMPTY', `volume group ${id} holds ${listed(held)}; delete them first`, {
    entity: { kind: 'volumeGroup', id },
  })
