import type { DiskId, RecoveryPointId, VolumeGroupId } from './ids.ts'
import type { CallOptions, GroupSpec } from './ports.ts'
import type { RecoveryPoint, VolumeGroup } from './types.ts'

/** A run of bytes of a disk, in whole blocks of 4 KiB. */
export interface ByteRange {
  readonly offsetBytes: bigint
  readonly lengthBytes: bigint
}

/** Where a disk's content is: as it is now, or as it was at a recovery point. */
export type StoreSource =
  | { readonly kind: 'disk'; readonly groupId: VolumeGroupId; readonly diskId: DiskId }
  | {
      readonly kind: 'recoveryPoint'
      readonly groupId: VolumeGroupId
      readonly recoveryPointId: RecoveryPointId
      readonly diskId: DiskId
    }

/** Two images of one disk, the base the earlier one. */
export interface ImagePair {
  readonly diskId: DiskId
  readonly base: RecoveryPointId
  readonly target: RecoveryPointId
}

export interface StoredPair extends ImagePair {
  readonly groupId: VolumeGroupId
}

/** Bytes in the pool: those held here only, and those held also by another disk, recovery point or clone. */
export interface SpaceUse {
  readonly exclusiveBytes: bigint
  readonly sharedBytes: bigint
}

/** What a group takes in the pool, measured when it was asked for. */
export interface GroupSpace {
  /** `sharedBytes` counts once what is held several times: the sum of both is what the group takes. */
  readonly group: SpaceUse
  readonly disks: readonly (SpaceUse & { readonly id: DiskId })[]
  /** Deleting a recovery point frees its `exclusiveBytes`. */
  readonly recoveryPoints: readonly (SpaceUse & { readonly id: RecoveryPointId })[]
}

/** Something that a store holds. */
export type StoredThing =
  | { readonly kind: 'volumeGroup'; readonly groupId: VolumeGroupId }
  | { readonly kind: 'disk'; readonly groupId: VolumeGroupId; readonly diskId: DiskId }
  | {
      readonly kind: 'recoveryPoint'
      readonly groupId: VolumeGroupId
      readonly recoveryPointId: RecoveryPointId
    }

/** One disk's image in a recovery point. */
export interface ImageRef {
  readonly recoveryPointId: RecoveryPointId
  readonly diskId: DiskId
}

export interface RangesQuery {
  /** What lies before is left out. Default 0. */
  readonly fromBytes?: bigint | undefined
  /** 1 to MAX_RANGES; left out = MAX_RANGES. */
  readonly limit?: number | undefined
}

/** A page of byte ranges of a disk: ascending, not overlapping. */
export interface Ranges {
  /** Of the disk, in the image that is the later one. */
  readonly sizeBytes: bigint
  readonly ranges: readonly ByteRange[]
  /** `fromBytes` of the next page; left out on the last one. */
  readonly nextBytes: bigint | undefined
}

/** The part of the domain port that is about what disks hold. */
export interface Contents {
  /**
   * Gives the disks of the point's group the content that they had then, all at once; sizes and other disks stay. What
   * was there before is the recovery point called `keepAs`. Refuses attached disks. Idempotent by that name.
   */
  revertGroup(id: RecoveryPointId, keepAs: string, call?: CallOptions): Promise<RecoveryPoint>
  /** Makes a group with new disks that hold what the point does. Idempotent by (project, name); else NAME_TAKEN. */
  restoreGroup(id: RecoveryPointId, spec: GroupSpec, call?: CallOptions): Promise<VolumeGroup>
  /** What the group takes in the pool. Measured at once, which takes longer the more pieces its disks are in. */
  groupSpace(id: VolumeGroupId, call?: CallOptions): Promise<GroupSpace>
  /** What of a disk's image is not zeroes by never having been written. */
  allocated(image: ImageRef, query?: RangesQuery, call?: CallOptions): Promise<Ranges>
  /** Where a disk's image may differ from an earlier one: the base with the target's bytes there is the target. */
  delta(images: ImagePair, query?: RangesQuery, call?: CallOptions): Promise<Ranges>
}
