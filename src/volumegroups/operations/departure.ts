import type { Lock, Step } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import type { Deletion } from '../deletions.ts'
import type { VolumeGroupId } from '../ids.ts'
import type { Store } from '../ports.ts'
import { buryGroup, deletedDisksIn } from './burial.ts'
import { exclusive, shared } from './parts.ts'

/** What follows for its group when a disk or recovery point is deleted: an implicit group goes with its last. */
export interface Leaving {
  readonly groupId: VolumeGroupId
  readonly implicit: boolean
  readonly isLast: boolean
  /** The group that goes stays restorable, for what was deleted from it. */
  readonly isKept: boolean
}

/** `isKept`: what leaves can be had again. */
export async function departure(tx: Reader, groupId: VolumeGroupId, isKept: boolean): Promise<Leaving> {
  const group = await tx.group(groupId)
  const implicit = group?.implicit ?? false
  const isLast = implicit && (await tx.contents(groupId, 2)).length === 1
  return {
    ...{ groupId, implicit, isLast },
    isKept: isLast && (isKept || (await deletedDisksIn(tx, groupId)).length > 0),
  }
}

/** Whoever may be the last to leave is alone with the group: two could each take the other for the last. */
export const departureLocks = ({ groupId, implicit }: Leaving): Lock[] => [
  implicit ? exclusive(groupId) : shared(groupId),
]

export async function leaveGroup(
  tx: Transactor,
  { groupId, isLast, isKept }: Leaving,
  deletion: Deletion,
): Promise<void> {
  if (!isLast) await tx.touchGroup(groupId)
  else if (isKept) await buryGroup(tx, groupId, deletion)
  else await tx.deleteGroup(groupId)
}

export const dropGroup = (store: Store): Step<Leaving> => ({
  name: 'delete group',
  run: async ({ groupId, isLast, isKept }) => isLast && !isKept && store.deleteGroup(groupId),
})
