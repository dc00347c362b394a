import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { type DiskId, diskIds, type VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import { deletedDisksIn } from './burial.ts'
import { exclusive, type Parts, shared } from './parts.ts'

interface Request {
  readonly id: DiskId | VolumeGroupId
  /** Only when its time is over. */
  readonly isOver?: true | undefined
}

interface Intent {
  readonly id: DiskId | VolumeGroupId
  readonly groupId: VolumeGroupId
  readonly diskIds: readonly DiskId[]
  readonly dropsGroup: boolean
}

/** What was deleted goes for good: a disk, or a group with the disks that were deleted from it. */
export function purgeDeleted(parts: Parts): Definition<Transactor, Request, Intent, void> {
  const { store, manifests, now } = parts
  return {
    kind: 'purgeDeleted',
    plan: async (tx, { id, isOver }) => {
      const found = await (diskIds.is(id) ? tx.deletedDisk(id) : tx.deletedGroup(id as VolumeGroupId))
      if (found === undefined || (isOver && found.restorableUntil > now())) {
        return { met: { result: undefined, subject: id } }
      }
      return { intent: await whatGoes(tx, id, 'disk' in found ? found.disk.groupId : found.group.id) }
    },
    locks: ({ groupId, diskIds: ids, dropsGroup }) => [
      dropsGroup ? exclusive(groupId) : shared(groupId),
      ...ids.map(exclusive),
    ],
    subject: ({ id }) => id,
    entities: ({ id, groupId, diskIds: ids }) => [...new Set([id, groupId, ...ids])],
    steps: [
      { name: 'compare with the manifest', run: (intent) => compare(parts, intent) },
      restoresManifest(manifests, ({ groupId }) => groupId),
    ],
    seal: ({ groupId }, commit) => manifests.seal(groupId, commit),
    commit: async (tx, { groupId, diskIds: ids, dropsGroup }) => {
      for (const id of ids) await tx.dropDeleted(id)
      await (dropsGroup ? tx.dropDeleted(groupId) : tx.touchGroup(groupId))
    },
    forward: [
      {
        name: 'delete disks',
        run: async ({ groupId, diskIds: ids }) => {
          for (const id of ids) await store.deleteDisk(groupId, id)
        },
      },
      {
        name: 'delete group',
        run: async ({ groupId, dropsGroup }) => dropsGroup && store.deleteGroup(groupId),
      },
    ],
    supersedes: ['undeleteDisk', 'undeleteGroup', 'createDisk', 'createGroup'],
  }
}

/** A group that was made for one disk goes with the last that was deleted from it. */
async function whatGoes(tx: Reader, id: DiskId | VolumeGroupId, groupId: VolumeGroupId): Promise<Intent> {
  const all = (await deletedDisksIn(tx, groupId)).map((disk) => disk.id as DiskId)
  if (!diskIds.is(id)) return { id, groupId, diskIds: all, dropsGroup: true }
  const group = await tx.deletedGroup(groupId)
  return { id, groupId, diskIds: [id], dropsGroup: group?.group.implicit === true && all.length === 1 }
}

/** Nothing is deleted of which the manifest beside the data does not say the same. */
async function compare(
  { store, manifests, database }: Parts,
  { groupId, diskIds: ids, dropsGroup }: Intent,
): Promise<void> {
  await manifests.whileTrue(groupId, async () => {
    const said = await store.readManifest(groupId).catch(unlessGone)
    if (said === undefined) return
    const deleted = new Set(said.deletedDisks?.map(({ disk }) => disk.id))
    const isSame =
      said.elementId === database.elementId &&
      ids.every((id) => deleted.has(id)) &&
      (!dropsGroup || (said.deletion !== undefined && said.disks.length === 0))
    if (isSame) return
    const message = `the manifest of ${groupId} does not say that it was deleted; nothing was purged`
    throw new StorageError('IDENTITY_MISMATCH', message, { entity: { kind: 'volumeGroup', id: groupId } })
  })
}

/** There is nothing to delete. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof StorageError && error.reason === 'VOLUME_GROUP_NOT_FOUND')) throw error
}
