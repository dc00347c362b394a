import { isAbsolute, resolve } from 'node:path'
import { parseRequired } from '../csi/parse.ts'
import { type DiskId, diskIds, StorageError, type Violations } from '../volumegroups/index.ts'

/** A path on this node that must be there, absolute and without a NUL byte. */
export function parsePath(path: string, field: string, faults: Violations): string {
  parseRequired(path, field, faults)
  if (path !== '' && (!isAbsolute(path) || path.includes('\0'))) {
    faults.add(field, 'INVALID_ARGUMENT', `${field} is not an absolute path`)
  }
  return normal(path)
}

/** Without a slash at the end, `.` and `..`; links stay as they are. */
const normal = (path: string): string => (isAbsolute(path) ? resolve(path) : path)

/** A path at which a volume may be; one that is not absolute is none of this node's. */
export function parseVolumePath(path: string, field: string, faults: Violations): string {
  return normal(parseRequired(path, field, faults))
}

/** The disk of a volume id, for a call that needs it to exist. */
export function existingDisk(volumeId: string): DiskId {
  if (diskIds.is(volumeId)) return volumeId
  throw new StorageError('DISK_NOT_FOUND', `no disk has the id ${JSON.stringify(volumeId)}`)
}
