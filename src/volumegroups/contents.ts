import type { DiskId, RecoveryPointId, VolumeGroupId } from './ids.ts'

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
