import assert from 'node:assert'
import { join } from 'node:path'
import {
  type DiskId,
  diskIds,
  type RecoveryPointId,
  recoveryPointIds,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../../volumegroups/index.ts'

/** Where everything of a group is. Only ids of the right form become paths, so no path leaves the pool. */
export interface GroupLayout {
  readonly directory: string
  /** The writable subvolume: disks and manifest. */
  readonly active: string
  /** The former active subvolume, while another takes its place. */
  readonly previous: string
  /** The directory of the recovery points, each a read-only subvolume. */
  readonly points: string
  readonly manifest: string
  disk(id: DiskId): string
  point(id: RecoveryPointId): string
}

export const groupsDirectory = (poolPath: string): string => join(poolPath, 'vg')

/** Space that is given up when there is none left. */
export const reserveFile = (poolPath: string): string => join(poolPath, 'reserve')

/** Says whose the pool is. */
export const ownerFile = (poolPath: string): string => join(poolPath, 'element.json')

/** What was put aside, out of every other call's sight. */
export const quarantineDirectory = (poolPath: string): string => join(poolPath, 'quarantine')

export function layoutOf(poolPath: string, group: VolumeGroupId): GroupLayout {
  assert(volumeGroupIds.is(group), 'a volume group id')
  const directory = join(groupsDirectory(poolPath), group)
  const active = join(directory, 'active')
  const points = join(directory, 'rp')
  return {
    directory,
    active,
    previous: `${active}.previous`,
    points,
    manifest: join(active, MANIFEST),
    disk: (id) => join(active, diskFile(id)),
    point: (id) => {
      assert(recoveryPointIds.is(id), 'a recovery point id')
      return join(points, id)
    },
  }
}

export function diskFile(id: DiskId): string {
  assert(diskIds.is(id), 'a disk id')
  return `${id}${DISK_SUFFIX}`
}

export const MANIFEST = 'manifest.json'
const DISK_SUFFIX = '.img'
const STAGED_SUFFIX = '.staged'

/** The name under which something is made ready, beside where it will be. Never shown, swept by the next maker. */
export const staged = (path: string): string => `${path}${STAGED_SUFFIX}`

/** The disk whose file has this name, if it is a disk's. */
export function diskOf(name: string): DiskId | undefined {
  const id = name.endsWith(DISK_SUFFIX) ? name.slice(0, -DISK_SUFFIX.length) : ''
  return diskIds.is(id) ? id : undefined
}

const unstaged = (name: string): string =>
  name.endsWith(STAGED_SUFFIX) ? name.slice(0, -STAGED_SUFFIX.length) : name

/** Whether this store gives such a name to a file, finished or staged. */
export const isOwnFile = (name: string): boolean =>
  unstaged(name) === MANIFEST || diskOf(unstaged(name)) !== undefined

/** Whether this store gives such a name to a recovery point, finished or staged. */
export const isOwnPoint = (name: string): boolean => recoveryPointIds.is(unstaged(name))
