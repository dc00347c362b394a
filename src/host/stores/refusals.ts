import type { DiskId, RecoveryPointId, VolumeGroupId } from '../../volumegroups/index.ts'
import { StorageError } from '../../volumegroups/index.ts'

/** What every store refuses, in the same words. */
export const refusals = {
  noGroup: (id: VolumeGroupId) =>
    new StorageError('VOLUME_GROUP_NOT_FOUND', `the store holds no volume group ${id}`, {
      entity: { kind: 'volumeGroup', id },
    }),
  noDisk: (id: DiskId) =>
    new StorageError('DISK_NOT_FOUND', `the store holds no disk ${id}`, { entity: { kind: 'disk', id } }),
  noRecoveryPoint: (id: RecoveryPointId, disk?: DiskId) =>
    new StorageError(
      'RECOVERY_POINT_NOT_FOUND',
      disk === undefined
        ? `the store holds no recovery point ${id}`
        : `the recovery point ${id} does not hold disk ${disk}`,
      { entity: { kind: 'recoveryPoint', id } },
    ),
  notEmpty: (id: VolumeGroupId, held: readonly string[]) =>
    new StorageError('VOLUME_GROUP_NOT_EMPTY', `volume group ${id} still holds ${held.join(', ')}`, {
      entity: { kind: 'volumeGroup', id },
    }),
  otherSize: (id: DiskId, storedBytes: bigint, sizeBytes: bigint) =>
    new StorageError(
      'IDENTITY_MISMATCH',
      `disk ${id} exists with ${storedBytes} bytes, not with ${sizeBytes} bytes`,
      { entity: { kind: 'disk', id } },
    ),
  otherDisks: (id: RecoveryPointId) =>
    new StorageError('IDENTITY_MISMATCH', `recovery point ${id} exists with other disks`, {
      entity: { kind: 'recoveryPoint', id },
    }),
  sourceLarger: (id: DiskId, sourceBytes: bigint, sizeBytes: bigint) =>
    new StorageError(
      'SIZE_OUT_OF_RANGE',
      `disk ${id} can not have ${sizeBytes} bytes: its source has ${sourceBytes}`,
      { entity: { kind: 'disk', id } },
    ),
  noSpace: (neededBytes: bigint, availableBytes: bigint) =>
    new StorageError(
      'NO_SPACE',
      `the pool has ${availableBytes} bytes available, ${neededBytes} would be needed`,
    ),
}
