import type { DiskId, RecoveryPointId, Store, VolumeGroupId } from '../../../src/volumegroups/index.ts'
import { diskIds, recoveryPointIds, volumeGroupIds } from '../../../src/volumegroups/index.ts'

/** What the suite needs beside the store: its bytes, and ways to harm it. */
export interface StoreHarness extends AsyncDisposable {
  readonly store: Store
  read(backingPath: string, offset: number, length: number): Promise<Buffer>
  /** Durable when it returns, as a flushed write of an initiator is. */
  write(backingPath: string, offset: number, data: Uint8Array): Promise<void>
  /** Makes whole blocks read as zeroes and take no space, as an UNMAP does. */
  trim(backingPath: string, offset: number, length: number): Promise<void>
  damageManifest(group: VolumeGroupId): Promise<void>
  /** The names of what was put aside. */
  quarantined(): Promise<readonly string[]>
  /** A new store over the same pool, as after a restart of the element. */
  reopen(): Store
}

export const MIB = 1024n * 1024n
export const SIZE = 8n * MIB

export type Use = () => StoreHarness

export async function newGroup(use: Use): Promise<VolumeGroupId> {
  const group = volumeGroupIds.create()
  await use().store.createGroup(group)
  return group
}

export async function newDisk(use: Use, group: VolumeGroupId, text?: string): Promise<DiskId> {
  const disk = diskIds.create()
  await use().store.createDisk(group, disk, SIZE)
  if (text !== undefined) await put(use, group, disk, text)
  return disk
}

export const put = (use: Use, group: VolumeGroupId, disk: DiskId, text: string, offset = 0): Promise<void> =>
  use().write(use().store.backingPath(group, disk), offset, Buffer.from(text))

export const get = async (use: Use, group: VolumeGroupId, disk: DiskId, length: number, offset = 0) =>
  (await use().read(use().store.backingPath(group, disk), offset, length)).toString()

export const stored = async (use: Use, group: VolumeGroupId) =>
  (await use().store.inventory()).find(({ id }) => id === group)

export async function newPoint(
  use: Use,
  group: VolumeGroupId,
  disks: readonly DiskId[],
): Promise<RecoveryPointId> {
  const point = recoveryPointIds.create()
  await use().store.createRecoveryPoint(group, point, disks)
  return point
}

/** The disk's whole content at a recovery point. */
export async function contentAt(
  use: Use,
  { groupId, diskId, point }: { groupId: VolumeGroupId; diskId: DiskId; point: RecoveryPointId },
  sizeBytes: bigint,
): Promise<Buffer> {
  const copy = diskIds.create()
  const source = { kind: 'recoveryPoint', groupId, recoveryPointId: point, diskId } as const
  await use().store.createDisk(groupId, copy, sizeBytes, source)
  const content = await use().read(use().store.backingPath(groupId, copy), 0, Number(sizeBytes))
  await use().store.deleteDisk(groupId, copy)
  return content
}
