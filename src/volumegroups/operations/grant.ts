import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { targetNameOf } from '../ids.ts'
import type { GrantSpec } from '../ports.ts'
import { checkAccess, type Holder } from '../rules/access.ts'
import { isWithin } from '../rules/projects.ts'
import { HIDDEN_INITIATOR, seen } from '../scope.ts'
import type { Attachment, Disk, Initiator } from '../types.ts'
import { serve } from './fences.ts'
import { attachmentLocks, initiatorLock, notFound, type Parts, refuseMissing, shared } from './parts.ts'

export interface Intent {
  readonly attachment: Attachment
  readonly disk: Omit<Disk, 'attachedTo'>
  /** The right exists: what is left to do is that the target really serves it. */
  readonly isNew: boolean
  /** Who held the disk alone, and whose lease is over. */
  readonly former: Attachment | undefined
}

/** Gives an initiator the right to a disk, at the target first. */
export function grant(parts: Parts): Definition<Transactor, GrantSpec, Intent, Attachment> {
  return {
    kind: 'grant',
    plan: async (tx, spec) => {
      const intent = await planGrant(parts, tx, spec)
      if (intent.former) throw heldMeanwhile(intent.former)
      return { intent }
    },
    locks: ({ attachment }) => [
      ...attachmentLocks(attachment.diskId),
      shared(initiatorLock(attachment.initiatorId)),
    ],
    subject: ({ attachment }) => attachment.diskId,
    entities: ({ attachment: { diskId, initiatorId } }) => [diskId, initiatorId],
    steps: [
      {
        name: 'grant at target',
        run: async ({ attachment, disk, isNew }) => {
          if (isNew) parts.leases.granted(attachment)
          await serve(parts, disk, attachment)
        },
        undo: async ({ attachment, isNew }) => {
          if (!isNew) return
          parts.leases.revoked(attachment)
          await parts.target.revoke(attachment.targetName, attachment.lun)
        },
      },
    ],
    commit: commitGrant,
    forward: [],
    supersedes: ['revoke', 'evict'],
  }
}

export async function planGrant({ leases, now }: Parts, tx: Transactor, spec: GrantSpec): Promise<Intent> {
  const { disk, initiator } = await pairOf(tx, spec)
  const { known, former } = checkAccess(spec, await holdersOf({ leases }, tx, disk.id))
  if (known === undefined) await checkLimit(tx, initiator)
  const attachment = known ?? newAttachment(spec, disk, now())
  const { attachedTo: _, ...kept } = disk
  return { attachment, disk: kept, isNew: known === undefined, former }
}

export async function commitGrant(tx: Transactor, { attachment, isNew }: Intent): Promise<Attachment> {
  if (!isNew) return attachment
  const { initiator } = await pairOf(tx, attachment)
  await checkLimit(tx, initiator) // again: others may have been granted, or a project moved, meanwhile
  await tx.insertAttachment(attachment)
  return attachment
}

async function pairOf(tx: Reader, { diskId, initiatorId }: Pick<GrantSpec, 'diskId' | 'initiatorId'>) {
  const disk = await tx.disk(diskId)
  if (disk === undefined) throw notFound({ kind: 'disk', id: diskId })
  const initiator = await tx.initiator(initiatorId)
  if (initiator === undefined) throw notFound({ kind: 'initiator', id: initiatorId })
  await checkReach(tx, disk, initiator)
  refuseMissing('disk', disk)
  return { disk, initiator }
}

/** Of one that the caller may not know, it is not told when it was heard of either. */
export async function holdersOf(
  { leases }: Pick<Parts, 'leases'>,
  tx: Reader,
  diskId: Disk['id'],
): Promise<readonly Holder[]> {
  const holders = (await tx.grants(diskId)).map(async ({ attachment, initiator }): Promise<Holder> => {
    const name = seen(tx, initiator)
    const lease = await leases.standing(tx, attachment)
    const told = name === HIDDEN_INITIATOR ? 'its lease is not over' : lease.told
    return { attachment, name, lease: { ...lease, told } }
  })
  return Promise.all(holders)
}

/** Rights go down the tree: an initiator holds disks of its project and of those in it. */
async function checkReach(tx: Reader, { id, groupId }: Disk, initiator: Initiator): Promise<void> {
  const group = await tx.group(groupId)
  if (group === undefined || isWithin(group.project, initiator.project)) return
  const places = `disk ${id} is in project ${group.project}, and initiator ${initiator.id} in ${initiator.project}`
  throw new StorageError('INITIATOR_OUT_OF_PROJECT', places, { entity: { kind: 'disk', id } })
}

async function checkLimit(tx: Reader, { id, maxAttachments }: Initiator): Promise<void> {
  if (maxAttachments === 0) return
  const held = await tx.countAttachments(id)
  if (held < maxAttachments) return
  throw new StorageError(
    'ATTACHMENT_LIMIT_REACHED',
    `initiator ${id} has ${held} disks attached, its limit`,
    {
      entity: { kind: 'initiator', id },
    },
  )
}

function newAttachment(spec: GrantSpec, disk: Disk, grantedAt: Date): Attachment {
  const { diskId, initiatorId, readOnly, shared } = spec
  const targetName = targetNameOf(disk.groupId, initiatorId)
  return { diskId, initiatorId, readOnly, shared, targetName, lun: disk.lun, grantedAt }
}

/** Somebody got the disk between the look that chose this operation and its plan. */
const heldMeanwhile = ({ diskId: id }: Attachment): StorageError =>
  new StorageError('ENTITY_BUSY', `disk ${id} was granted to another meanwhile; ask again`, {
    entity: { kind: 'disk', id },
  })
