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

/** Two images of one disk. */
export interface ImagePair {
  readonly groupId: VolumeGroupId
  readonly diskId: DiskId
  readonly base: RecoveryPointId
  readonly target: RecoveryPointId
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
