import type { Lock, Step } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import type { VolumeGroupId } from '../ids.ts'
import type { Store } from '../ports.ts'
import { exclusive, shared } from './parts.ts'

/** What follows for its group when a disk or recovery point is deleted: an implicit group goes with its last. */
export interface Leaving {
  readonly groupId: VolumeGroupId
  readonly implicit: boolean
  readonly isLast: boolean
}

export async function departure(tx: Reader, groupId: VolumeGroupId): Promise<Leaving> {
  const group = await tx.group(groupId)
  const implicit = group?.implicit ?? false
  return { groupId, implicit, isLast: implicit && (await tx.contents(groupId, 2)).length === 1 }
}

/** Whoever may be the last to leave is alone with the group: two could each take the other for the last. */
export const departureLocks = ({ groupId, implicit }: Leaving): Lock[] => [
  implicit ? exclusive(groupId) : shared(groupId),
]

export const leaveGroup = (tx: Transactor, { groupId, isLast }: Leaving): Promise<void> =>
  isLast ? tx.deleteGroup(groupId) : tx.touchGroup(groupId)

export const dropGroup = (store: Store): Step<Leaving> => ({
  name: 'delete group',
  run: async ({ groupId, isLast }) => isLast && store.deleteGroup(groupId),
})
