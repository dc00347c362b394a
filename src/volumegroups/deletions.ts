import type { DiskId, PolicyId, VolumeGroupId } from './ids.ts'
import type { CallOptions } from './ports.ts'
import type { Disk, Page, PageQuery, ProjectPath, VolumeGroup } from './types.ts'

/** Who wanted it gone: a person or program, or Kubernetes. */
export type DeleteReason = 'user' | 'csi'

/** That something was deleted, and until when it can be had again. */
export interface Deletion {
  readonly deletedAt: Date
  /** It is there as long as this at least. */
  readonly restorableUntil: Date
  readonly reason: DeleteReason
  /** The id of the token that was called with. Left out: the element's administrator. */
  readonly actor?: string | undefined
}

/** A disk that was deleted and whose data are still there. Its LUN is given to no other disk. */
export interface DeletedDisk extends Deletion {
  readonly disk: Omit<Disk, 'attachedTo' | 'dataMissingSince'>
}

/** What was set on a group when it was deleted. */
export interface FormerSetting {
  readonly kind: 'snapshot' | 'protection'
  readonly policyId: PolicyId | undefined
  readonly setAt: Date
}

/** A group that was deleted and is still there, for itself or for its deleted disks. */
export interface DeletedGroup extends Deletion {
  readonly group: Omit<VolumeGroup, 'dataMissingSince'>
  readonly settings: readonly FormerSetting[]
}

/** What was deleted, as it is shown. */
export interface DeletedThing extends Deletion {
  readonly kind: 'disk' | 'volumeGroup'
  readonly id: DiskId | VolumeGroupId
  readonly name: string
  readonly project: ProjectPath
  readonly groupId: VolumeGroupId
  /** Of a disk. */
  readonly sizeBytes?: bigint | undefined
}

/** How something is deleted. */
export interface DeleteOptions {
  /** How long it can be had again; 0: it is gone at once. Left out: as the element is configured, for a user. */
  readonly graceMs?: number | undefined
  /** Left out: a user. */
  readonly reason?: DeleteReason | undefined
}

export interface UndeleteOptions {
  /** Instead of the one that it had. */
  readonly name?: string | undefined
}

export interface DeletedFilter extends PageQuery {
  readonly kind?: DeletedThing['kind'] | undefined
  readonly groupId?: VolumeGroupId | undefined
}

/** The part of the domain port that is about what was deleted. */
export interface Deletions {
  /** Refuses an attached disk. Its recovery points stay. OK when it is gone already. */
  deleteDisk(id: DiskId, options?: DeleteOptions, call?: CallOptions): Promise<void>
  /** Refuses a group that holds anything. OK when it is gone already. */
  deleteGroup(id: VolumeGroupId, options?: DeleteOptions, call?: CallOptions): Promise<void>
  /** What was deleted and is not gone yet, in the order in which it was deleted. */
  listDeleted(query?: DeletedFilter, call?: CallOptions): Promise<Page<DeletedThing>>
  /**
   * The disk is there again, with the ids, the LUN and the data that it had; so is its group, if that was made for it
   * alone. Refuses a name that another disk has, and a group that is deleted too. OK when it is not deleted.
   */
  undeleteDisk(id: DiskId, options?: UndeleteOptions, call?: CallOptions): Promise<Disk>
  /** The group is there again; its disks stay deleted. Refuses a name that another has. OK when it is not deleted. */
  undeleteGroup(id: VolumeGroupId, options?: UndeleteOptions, call?: CallOptions): Promise<VolumeGroup>
  /** Does not wait for the time to be over; a group's deleted disks go with it. OK when it is gone already. */
  purgeDeleted(id: DiskId | VolumeGroupId, call?: CallOptions): Promise<void>
}

/** How much of one kind was deleted and can be had again. */
export interface DeletedSum {
  readonly kind: DeletedThing['kind']
  readonly count: number
  /** The sizes of the disks together. */
  readonly sizeBytes: bigint
}
