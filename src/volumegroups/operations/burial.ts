import assert from 'node:assert'
import type { Reader, Transactor } from '../database.ts'
import type { DeletedThing, DeleteOptions, Deletion } from '../deletions.ts'
import type { VolumeGroupId } from '../ids.ts'
import { MAX_LUN } from '../limits.ts'
import type { Parts } from './parts.ts'

/** A deletion as it is asked for. */
export interface DeleteRequest<Id> extends DeleteOptions {
  readonly id: Id
  /** The id of the token that was called with. */
  readonly actor?: string | undefined
}

/** What a deletion says of itself, from now on. */
export function deletionBy(
  { graceMs: asked, reason = 'user', actor }: Omit<DeleteRequest<unknown>, 'id'>,
  { now, graceMs }: Pick<Parts, 'now' | 'graceMs'>,
): Deletion & { readonly isKept: boolean } {
  const deletedAt = now()
  const keptMs = asked ?? (reason === 'user' ? graceMs : 0)
  const restorableUntil = new Date(deletedAt.getTime() + keptMs)
  return { deletedAt, restorableUntil, reason, ...(actor === undefined ? {} : { actor }), isKept: keptMs > 0 }
}

export const deletedDisksIn = (tx: Reader, groupId: VolumeGroupId): Promise<readonly DeletedThing[]> =>
  tx.deletedThings({ groupId, kind: 'disk' }, { after: undefined, limit: MAX_LUN })

/** Deletes a group that can be had again: as long as was asked for, and as any of its disks. */
export async function buryGroup(tx: Transactor, id: VolumeGroupId, deletion: Deletion): Promise<void> {
  const found = await tx.group(id)
  assert(found, 'a group to delete')
  const { dataMissingSince: _, ...group } = found
  const { settings } = await tx.policySettings([{ kind: 'volumeGroup', id }])
  const times = [deletion, ...(await deletedDisksIn(tx, id))].map(({ restorableUntil }) => +restorableUntil)
  const { deletedAt, reason, actor } = deletion
  await tx.putDeletedGroup({
    ...{ deletedAt, restorableUntil: new Date(Math.max(...times)), reason, actor },
    group: { ...group, generation: group.generation + 1 },
    settings: settings.map(({ kind, policyId, setAt }) => ({ kind, policyId, setAt })),
  })
  await tx.deleteGroup(id)
}
