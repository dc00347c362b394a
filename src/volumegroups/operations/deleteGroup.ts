import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { Deletion } from '../deletions.ts'
import { StorageError } from '../errors.ts'
import type { VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import { buryGroup, type DeleteRequest, deletedDisksIn, deletionBy } from './burial.ts'
import { exclusive, listed, type Parts } from './parts.ts'

interface Intent {
  readonly id: VolumeGroupId
  readonly deletion: Deletion
  readonly isKept: boolean
}

/**
 * Deletes an empty group: from the database, then from the store. It stays restorable as long as was asked for, and
 * as any disk that was deleted from it.
 */
export function deleteGroup(
  parts: Parts,
): Definition<Transactor, DeleteRequest<VolumeGroupId>, Intent, void> {
  const { store, manifests } = parts
  return {
    kind: 'deleteGroup',
    plan: async (tx, { id, ...request }) => {
      const group = await tx.group(id)
      if (group === undefined) return { met: { result: undefined, subject: id } }
      const held = await tx.contents(id, 100)
      if (held.length > 0) throw notEmpty(id, held)
      const { isKept, ...deletion } = deletionBy(request, parts)
      const isThere = group.dataMissingSince === undefined
      const keeps = isKept || (await deletedDisksIn(tx, id)).length > 0
      return { intent: { id, deletion, isKept: isThere && keeps } }
    },
    locks: ({ id }) => [exclusive(id)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [restoresManifest(manifests, ({ id }) => id)],
    seal: ({ id }, commit) => manifests.seal(id, commit),
    commit: async (tx, { id, deletion, isKept }) => {
      if (isKept) return buryGroup(tx, id, deletion)
      for (const disk of await deletedDisksIn(tx, id)) await tx.dropDeleted(disk.id)
      return tx.deleteGroup(id)
    },
    forward: [{ name: 'delete group', run: async ({ id, isKept }) => !isKept && store.deleteGroup(id) }],
    supersedes: ['createGroup', 'undeleteGroup'],
  }
}

const notEmpty = (id: VolumeGroupId, held: readonly string[]): StorageError =>
  new StorageError('VOLUME_GROUP_NOT_EMPTY', `volume group ${id} holds ${listed(held)}; delete them first`, {
    entity: { kind: 'volumeGroup', id },
  })
