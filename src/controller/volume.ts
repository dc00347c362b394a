import type { Volume, VolumeContentSource } from '../csi/messages.ts'
import { snapshotIdOf } from '../csi/snapshot-id.ts'
import { siteTopology } from '../csi/topology.ts'
import { type Disk, type DiskId, type DiskSource, diskIds, StorageError } from '../volumegroups/index.ts'

/** A disk as CSI shows it. */
export const toVolume = (disk: Disk, site: string): Volume => ({
  volumeId: disk.id,
  capacityBytes: disk.sizeBytes.toString(),
  volumeContext: disk.attributes,
  contentSource: disk.source === undefined ? null : toContentSource(disk.source),
  accessibleTopology: [siteTopology(site)],
})

const toContentSource = (source: DiskSource): VolumeContentSource =>
  source.kind === 'disk'
    ? { volume: { volumeId: source.diskId } }
    : { snapshot: { snapshotId: snapshotIdOf(source) } }

/** An id that Mooring never gave out names a volume that does not exist. */
export function existingDiskId(volumeId: string): DiskId {
  if (diskIds.is(volumeId)) return volumeId
  throw new StorageError('DISK_NOT_FOUND', `there is no volume ${volumeId}`)
}
