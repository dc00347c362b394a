import type { Store, StoredGroup, VolumeGroupId } from '../../../volumegroups/index.ts'
import { createSerializer } from '../../serialize.ts'
import { decodeOwner, encodeOwner } from '../manifest-file.ts'
import { allocated, delta } from './contents.ts'
import { createDisk, deleteDisk, growDisk } from './disks.ts'
import { guarded, readText, replaceFile } from './files.ts'
import {
  createGroup,
  deleteGroup,
  findGroup,
  inspectGroup,
  inspectPoint,
  listGroups,
  openGroup,
  readManifest,
  writeManifest,
} from './groups.ts'
import { layoutOf, ownerFile } from './layout.ts'
import { quarantine } from './quarantine.ts'
import { createRecoveryPoint, deleteRecoveryPoint } from './recovery-points.ts'
import { withReserve } from './reserve.ts'
import { revertGroup } from './revert.ts'
import { capacityOf, reclaim, spaceOf } from './space.ts'

/** More calls than this for one group at a time are refused. */
const MAX_WAITING = 256

/**
 * The Store on btrfs: one subvolume for each group, `<pool>/vg/<group>/active`, with a sparse file for each disk and
 * the manifest; recovery points are read-only snapshots of it in `<pool>/vg/<group>/rp`. Never uses quota groups.
 * It remembers nothing: every call looks at the file system, so what a crash left half done is finished or swept.
 */
export function createBtrfsStore({ poolPath }: { readonly poolPath: string }): Store {
  const serialize = createSerializer(MAX_WAITING)
  const alone = <Result>(group: VolumeGroupId, task: () => Promise<Result>): Promise<Result> =>
    guarded(() => serialize(group, task))
  const open = (group: VolumeGroupId) => openGroup(poolPath, group)
  return {
    abilities: { groupAtomic: true, delta: true, stream: false },
    capacity: () => guarded(() => capacityOf(poolPath)),
    reclaim: () => guarded(() => reclaim(poolPath)),
    createGroup: (group) => alone(group, () => createGroup(poolPath, group)),
    deleteGroup: (group) => alone(group, () => deleteGroup(poolPath, group)),
    createDisk: (group, id, sizeBytes, source) =>
      alone(group, async () => createDisk(poolPath, { group: await open(group), id, sizeBytes, source })),
    growDisk: (group, id, sizeBytes) =>
      alone(group, async () => growDisk(poolPath, await open(group), { id, sizeBytes })),
    deleteDisk: (group, id) =>
      alone(group, async () => {
        const found = await findGroup(poolPath, group)
        if (found) await deleteDisk(found, id)
      }),
    createRecoveryPoint: (group, id, disks) =>
      alone(group, async () => createRecoveryPoint(await open(group), id, disks)),
    deleteRecoveryPoint: (group, id) =>
      alone(group, async () => {
        const found = await findGroup(poolPath, group)
        if (found) await deleteRecoveryPoint(found, id)
      }),
    revertGroup: (group, point, keepAs) =>
      alone(group, async () => revertGroup(await open(group), point, keepAs)),
    allocated: (image, fromBytes) => allocated(poolPath, image, fromBytes),
    delta: (images, fromBytes) => delta(poolPath, images, fromBytes),
    space: (group) => guarded(async () => spaceOf(await open(group))),
    quarantine: (thing) => alone(thing.groupId, () => quarantine(poolPath, thing)),
    writeManifest: (manifest) =>
      alone(manifest.group.id, () =>
        withReserve(poolPath, async () => writeManifest(await open(manifest.group.id), manifest)),
      ),
    readManifest: (group) => alone(group, async () => readManifest(await open(group), group)),
    backingPath: (group, disk) => layoutOf(poolPath, group).disk(disk),
    inspectPoint: (group, point) => alone(group, () => inspectPoint(poolPath, group, point)),
    readOwner: () =>
      guarded(async () => {
        const text = await readText(ownerFile(poolPath))
        return text === undefined ? undefined : decodeOwner(text)
      }),
    writeOwner: (owner) =>
      guarded(() => withReserve(poolPath, () => replaceFile(ownerFile(poolPath), encodeOwner(owner)))),
    inventory: () =>
      guarded(async () => {
        const found: StoredGroup[] = []
        for (const id of await listGroups(poolPath)) {
          const group = await serialize(id, () => inspectGroup(poolPath, id))
          if (group) found.push(group)
        }
        return found
      }),
  }
}
