import type { StoredThing } from '../contents.ts'
import type { DiskId, RecoveryPointId, VolumeGroupId } from '../ids.ts'
import type { StoredGroup } from '../ports.ts'

/** The ids of all that the database has a row for. */
export interface Known {
  readonly groups: ReadonlySet<VolumeGroupId>
  readonly disks: ReadonlySet<DiskId>
  readonly recoveryPoints: ReadonlySet<RecoveryPointId>
}

/** What a store holds and nobody knows of; of a group that is not known, the whole group and no part of it. */
export function straysOf(inventory: readonly StoredGroup[], known: Known): StoredThing[] {
  return inventory.flatMap(({ id: groupId, disks, recoveryPoints }): StoredThing[] => {
    if (!known.groups.has(groupId)) return [{ kind: 'volumeGroup', groupId }]
    return [
      ...disks
        .filter(({ id }) => !known.disks.has(id))
        .map(({ id: diskId }) => ({ kind: 'disk', groupId, diskId }) as const),
      ...recoveryPoints
        .filter((id) => !known.recoveryPoints.has(id))
        .map((recoveryPointId) => ({ kind: 'recoveryPoint', groupId, recoveryPointId }) as const),
    ]
  })
}
