import {
  type DiskId,
  diskIds,
  type RecoveryPointId,
  recoveryPointIds,
  uuidOf,
} from '../volumegroups/index.ts'

/** What a CSI snapshot is: one disk of a recovery point. */
export interface SnapshotRef {
  readonly recoveryPointId: RecoveryPointId
  readonly diskId: DiskId
}

/** `snap-<uuid of the recovery point>.<uuid of the disk>`. A group snapshot's id is the recovery point's own. */
export const snapshotIdOf = (ref: SnapshotRef): string =>
  `snap-${uuidOf(ref.recoveryPointId)}.${uuidOf(ref.diskId)}`

/** Undefined for an id that Mooring never gave out: such a snapshot does not exist. */
export function parseSnapshotId(text: string): SnapshotRef | undefined {
  const [point, disk, ...rest] = text.replace(/^snap-/, '').split('.')
  if (!text.startsWith('snap-') || point === undefined || disk === undefined || rest.length > 0)
    return undefined
  const ref = { recoveryPointId: recoveryPointIds.create(point), diskId: diskIds.create(disk) }
  return recoveryPointIds.is(ref.recoveryPointId) && diskIds.is(ref.diskId) ? ref : undefined
}
