import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { DeletedDisk, Deletion } from '../deletions.ts'
import { StorageError } from '../errors.ts'
import type { DiskId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { Disk } from '../types.ts'
import { type DeleteRequest, deletionBy } from './burial.ts'
import { departure, departureLocks, dropGroup, type Leaving, leaveGroup } from './departure.ts'
import { exclusive, listed, type Parts } from './parts.ts'

interface Intent extends Leaving {
  readonly id: DiskId
  readonly deletion: Deletion
  /** Left out: its data go with it. */
  readonly deleted?: DeletedDisk | undefined
}

/**
 * Deletes a disk that nobody holds: from the database and manifest, then from the store. One that can be had again
 * stays in the store, where nothing but its tombstone tells of it.
 */
export function deleteDisk(parts: Parts): Definition<Transactor, DeleteRequest<DiskId>, Intent, void> {
  const { store, manifests } = parts
  return {
    kind: 'deleteDisk',
    plan: async (tx, { id, ...request }) => {
      const disk = await tx.disk(id)
      if (disk === undefined) return { met: { result: undefined, subject: id } }
      if (disk.attachedTo.length > 0) throw attached(disk)
      const { isKept, ...deletion } = deletionBy(request, parts)
      const { attachedTo: _, dataMissingSince, ...rest } = disk
      const deleted = isKept && dataMissingSince === undefined ? { ...deletion, disk: rest } : undefined
      const leaving = await departure(tx, disk.groupId, deleted !== undefined)
      return { intent: { id, deletion, ...(deleted && { deleted }), ...leaving } }
    },
    locks: (intent) => [exclusive(intent.id), ...departureLocks(intent)],
    subject: ({ id }) => id,
    entities: ({ id, groupId }) => [id, groupId],
    steps: [restoresManifest(manifests, ({ groupId }) => groupId)],
    seal: ({ groupId }, commit) => manifests.seal(groupId, commit),
    commit: async (tx, intent) => {
      await tx.deleteDisk(intent.id)
      if (intent.deleted) await tx.putDeletedDisk(intent.deleted)
      await leaveGroup(tx, intent, intent.deletion)
    },
    forward: [
      {
        name: 'delete disk',
        run: async ({ id, groupId, deleted }) => deleted === undefined && store.deleteDisk(groupId, id),
      },
      dropGroup(store),
    ],
    supersedes: ['createDisk', 'growDisk', 'undeleteDisk', 'grant', 'revoke'],
  }
}

const attached = ({ id, attachedTo }: Disk): StorageError =>
  new StorageError('DISK_ATTACHED', `disk ${id} is attached to ${listed(attachedTo)}; detach it first`, {
    entity: { kind: 'disk', id },
  })
