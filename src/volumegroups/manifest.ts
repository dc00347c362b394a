import type { DeletedDisk, DeletedGroup } from './deletions.ts'
import type { DiskId, RecoveryPointId, VolumeGroupId } from './ids.ts'
import type { Policy, PolicyAssignment } from './policies/types.ts'
import type { Disk, Project, RecoveryPoint, VolumeGroup } from './types.ts'

/** A disk as its group's manifest says it: with what does not depend on who uses it now. */
export type ManifestDisk = Omit<Disk, 'attachedTo' | 'dataMissingSince'>

/** Says what a volume group is, beside its data. Enough to build the database anew. */
export interface Manifest {
  readonly version: 2
  /** Of the element that wrote it. Version 1 did not say. */
  readonly elementId: string | undefined
  readonly group: Omit<VolumeGroup, 'dataMissingSince'>
  /** The root, the group's project, and all between, in this order: a parent that is gone can be made anew. */
  readonly projects: readonly Project[]
  readonly disks: readonly ManifestDisk[]
  /** Disks that were deleted, and whose data are still there. Left out: there are none. */
  readonly deletedDisks?: readonly DeletedDisk[] | undefined
  /** The group was deleted. Left out: it was not. */
  readonly deletion?: Omit<DeletedGroup, 'group'> | undefined
  /** Recovery points as of this generation, without the one that holds this manifest. */
  readonly recoveryPoints: readonly RecoveryPoint[]
  /** What is set on the group and on its projects, and the policies that this names. */
  readonly policySettings: readonly PolicyAssignment[]
  readonly policies: readonly Policy[]
}

/** What a store holds, as found in the store itself. */
export interface StoredGroup {
  readonly id: VolumeGroupId
  readonly disks: readonly { readonly id: DiskId; readonly sizeBytes: bigint }[]
  readonly recoveryPoints: readonly RecoveryPointId[]
  /** Only its recovery points are there: no disks, no manifest, and no place for them until it is created again. */
  readonly isHeadless?: true
}

/** A recovery point, as found in the store itself. */
export interface StoredPoint {
  readonly id: RecoveryPointId
  readonly disks: StoredGroup['disks']
  readonly createdAt: Date
}

/** Says whose a pool is. A database that says otherwise is of another time, or another element. */
export interface PoolOwner {
  readonly elementId: string
  /** Changes when a database or a pool that was restored is recognised. */
  readonly incarnation: string
}
