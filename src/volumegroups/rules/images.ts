import { StorageError } from '../errors.ts'
import type { DiskId } from '../ids.ts'
import type { RecoveryPoint, RecoveryPointDisk } from '../types.ts'

/** The disk's image in the recovery point. */
export function imageIn({ id, disks }: RecoveryPoint, diskId: DiskId): RecoveryPointDisk {
  const image = disks.find((disk) => disk.diskId === diskId)
  if (image) return image
  const message = `recovery point ${id} does not hold disk ${diskId}`
  throw new StorageError('RECOVERY_POINT_NOT_FOUND', message, { entity: { kind: 'recoveryPoint', id } })
}
