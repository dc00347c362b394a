import type { FsType } from '../host/filesystems/filesystem.ts'
import { growsUnmounted } from '../host/filesystems/grow.ts'
import { type AttachedDevice, StorageError, withStep } from '../volumegroups/index.ts'
import { deviceOf } from './encryption.ts'
import { isMountOf } from './machine.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'

interface Job {
  readonly record: VolumeRecord & { readonly fsType: FsType; readonly phase: 'mounting' }
  readonly device: AttachedDevice
  readonly growable: boolean
}

/** Mounts the prepared file system at the staging path, as large as its device is. */
export async function mountStaged(parts: NodeParts, job: Job): Promise<void> {
  const { stagingPath: target, fsType, mountFlags: flags, readOnly } = job.record
  const { path: device } = job.device
  const mount = (): Promise<void> =>
    parts.machine.mountFilesystem({ device, target, fsType, flags, readOnly })
  try {
    await parts.records.write(job.record)
    await mount()
    if (!job.growable || readOnly) return
    try {
      await parts.machine.growMounted(fsType, device, target)
    } catch (error) {
      if (!isRefusal(error) || !growsUnmounted(fsType)) throw error
      await parts.machine.unmount(target)
      await parts.machine.growUnmounted(fsType, device)
      await mount()
    }
  } catch (error) {
    throw withStep(error, 'mount')
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof StorageError && error.reason === 'FILESYSTEM_GROW_REFUSED'

/** A mount of this very disk goes, to be mounted again as it is asked for now; anything else is not touched. */
export async function clearStagingPath(
  parts: NodeParts,
  record: VolumeRecord,
  device: AttachedDevice,
): Promise<void> {
  const mounted = await parts.machine.mountAt(record.stagingPath)
  if (mounted === undefined) return
  const known = await deviceOf(parts, record)
  if (isMountOf(mounted, device) || (known && isMountOf(mounted, known)))
    return parts.machine.unmount(record.stagingPath)
  const what = mounted.device ?? 'a device that is gone'
  throw new StorageError('PUBLISHED_DIFFERENTLY', `${what} is mounted at the staging path, not this volume`, {
    entity: { kind: 'disk', id: record.diskId },
    fix: 'Unstage the volume first.',
  })
}
