import type { Lock } from '../../journal/index.ts'
import type { KeyedQueue } from '../../lib/keyed-queue.ts'
import type { Database, Moved, Reader } from '../database.ts'
import { type EntityRef, type Reason, StorageError } from '../errors.ts'
import type { DiskId, InitiatorId } from '../ids.ts'
import type { LeaseBook } from '../lease-book.ts'
import { MAX_LISTED } from '../limits.ts'
import type { Manifests } from '../manifests.ts'
import type { PoolSpace } from '../pool-space.ts'
import type { Store, Target } from '../ports.ts'
import type { Disk, ProjectPath, VolumeGroup } from '../types.ts'

/** How an initiator is kept from a disk that it may still use. */
export type Fencing = 'revoke' | 'protect-first'

/** What operations work with. */
export interface Parts {
  readonly database: Database
  readonly store: Store
  readonly target: Target
  readonly manifests: Manifests
  readonly space: PoolSpace
  readonly leases: LeaseBook
  /** `protect-first`: the suspect's LUN can only be read before it goes. */
  readonly fencing: Fencing
  /** What is told to the target about one initiator's credentials is told in order. */
  readonly admission: KeyedQueue
  /** How long what a user deletes can be had again. */
  readonly graceMs: number
  readonly now: () => Date
  /** An unguessable text of 16 to 32 characters. */
  readonly newSecret: () => string
}

export const exclusive = (entity: string): Lock => ({ entity, mode: 'exclusive' })
export const shared = (entity: string): Lock => ({ entity, mode: 'shared' })

/** Held while something of this name is made, which nobody can see yet. */
export const nameLock = (kind: string, project: ProjectPath, name: string): Lock =>
  exclusive(`${kind} "${name}" in project ${project}`)

/** The name under which an initiator is locked: its id alone could be anything. */
export const initiatorLock = (id: InitiatorId): string => `initiator ${id}`

/** Who may reach the disk changes; its data do not, and it stays. */
export const attachmentLocks = (diskId: DiskId): Lock[] => [
  shared(diskId),
  exclusive(`attachments of ${diskId}`),
]

export function notFound(entity: EntityRef): StorageError {
  const { reason, noun } = NOT_FOUND[entity.kind as keyof typeof NOT_FOUND]
  return new StorageError(reason, `there is no ${noun} ${entity.id}`, { entity })
}

const NOT_FOUND = {
  volumeGroup: { reason: 'VOLUME_GROUP_NOT_FOUND', noun: 'volume group' },
  disk: { reason: 'DISK_NOT_FOUND', noun: 'disk' },
  recoveryPoint: { reason: 'RECOVERY_POINT_NOT_FOUND', noun: 'recovery point' },
  policy: { reason: 'POLICY_NOT_FOUND', noun: 'policy' },
  project: { reason: 'PROJECT_NOT_FOUND', noun: 'project' },
  initiator: { reason: 'INITIATOR_NOT_FOUND', noun: 'initiator' },
  operation: { reason: 'OPERATION_NOT_FOUND', noun: 'operation' },
  recovery: { reason: 'RECOVERY_NOT_FOUND', noun: 'recovery' },
} as const satisfies Partial<Record<EntityRef['kind'], { reason: Reason; noun: string }>>

/** Refuses what works on data that the store does not have. */
export function refuseMissing(
  kind: 'disk' | 'volumeGroup',
  thing: Pick<Disk | VolumeGroup, 'id' | 'dataMissingSince'>,
): void {
  const { id, dataMissingSince: since } = thing
  if (since === undefined) return
  const noun = kind === 'disk' ? 'disk' : 'volume group'
  const message = `the store has had no data of ${noun} ${id} since ${since.toISOString()}`
  throw new StorageError('DATA_MISSING', message, { entity: { kind, id } })
}

/** Refuses a move that would part disks from the initiators that hold them, or from the policies set on them. */
export async function refuseStranded(tx: Reader, moved: Moved, to: ProjectPath): Promise<void> {
  const held = await tx.stranded(moved, to, MAX_LISTED)
  if (held.length > 0) {
    const what = `disks are attached to initiators that can not hold disks of ${to}`
    throw new StorageError('DISK_ATTACHED', `${what}: ${listed(held)}; detach them first`)
  }
  const set = await tx.strandedPolicies(moved, to, MAX_LISTED)
  if (set.length === 0) return
  const message = `policies are set there that can not be set on what is in ${to}: ${listed(set)}`
  throw new StorageError('POLICY_OUT_OF_PROJECT', message)
}

/** Ids for a message; a long list is cut. `count` is told where `ids` are only the first ones. */
export function listed(ids: readonly string[], max = 10, count = ids.length): string {
  const more = count - Math.min(ids.length, max)
  return more > 0 ? `${ids.slice(0, max).join(', ')} and ${more} more` : ids.join(', ')
}
