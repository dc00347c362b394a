import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { DiskId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { Disk } from '../types.ts'
import { departure, departureLocks, dropGroup, type Leaving, leaveGroup } from './departure.ts'
import { exclusive, listed, type Parts } from './parts.ts'

interface Intent extends Leaving {
  readonly id: DiskId
}

/** Deletes a disk that nobody holds: from the database and manifest, then from the store. */
export function deleteDisk({ store, manifests }: Parts): Definition<Transactor, DiskId, Intent, void> {
  return {
    kind: 'deleteDisk',
    plan: async (tx, id) => {
      const disk = await tx.disk(id)
      if (disk === undefined) return { met: { result: undefined, subject: id } }
      if (disk.attachedTo.length > 0) throw attached(disk)
      return { intent: { id, ...(await departure(tx, disk.groupId)) } }
    },
    locks: (intent) => [exclusive(intent.id), ...departureLocks(intent)],
    subject: ({ id }) => id,
    entities: ({ id, groupId }) => [id, groupId],
    steps: [restoresManifest(manifests, ({ groupId }) => groupId)],
    seal: ({ groupId }, commit) => manifests.seal(groupId, commit),
    commit: async (tx, intent) => {
      await tx.deleteDisk(intent.id)
      await leaveGroup(tx, intent)
    },
    forward: [
      { name: 'delete disk', run: ({ id, groupId }) => store.deleteDisk(groupId, id) },
      dropGroup(store),
    ],
    supersedes: ['createDisk', 'growDisk', 'grant', 'revoke'],
  }
}

const attached = ({ id, attachedTo }: Disk): StorageError =>
  new StorageError('DISK_ATTACHED', `disk ${id} is attached to ${listed(attachedTo)}; detach it first`, {
    entity: { kind: 'disk', id },
  })
