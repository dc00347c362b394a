import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { exportOf } from '../exports.ts'
import { targetNameOf } from '../ids.ts'
import type { GrantSpec } from '../ports.ts'
import { checkAccess } from '../rules/access.ts'
import { isWithin } from '../rules/projects.ts'
import { seen } from '../scope.ts'
import type { Attachment, Disk, Initiator } from '../types.ts'
import { attachmentLocks, initiatorLock, notFound, type Parts, shared } from './parts.ts'

interface Intent {
  readonly attachment: Attachment
  readonly disk: Omit<Disk, 'attachedTo'>
  /** The right exists: what is left to do is that the target really serves it. */
  readonly isNew: boolean
}

/** Gives an initiator the right to a disk, at the target first. */
export function grant(parts: Parts): Definition<Transactor, GrantSpec, Intent, Attachment> {
  return {
    kind: 'grant',
    plan: async (tx, spec) => {
      const { disk, initiator, others } = await stateOf(tx, spec)
      const known = checkAccess(spec, others)
      if (known === undefined) await checkLimit(tx, initiator)
      const attachment = known ?? newAttachment(spec, disk, parts.now())
      const { attachedTo: _, ...kept } = disk
      return { intent: { attachment, disk: kept, isNew: known === undefined } }
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
        run: (intent) => serve(parts, intent),
        undo: async ({ attachment: { targetName, lun }, isNew }) =>
          isNew && parts.target.revoke(targetName, lun),
      },
    ],
    commit: async (tx, { attachment, isNew }) => {
      if (!isNew) return attachment
      const { initiator } = await stateOf(tx, attachment)
      await checkLimit(tx, initiator) // again: others may have been granted, or a project moved, meanwhile
      await tx.insertAttachment(attachment)
      return attachment
    },
    forward: [],
    supersedes: ['revoke'],
  }
}

async function stateOf(tx: Reader, { diskId, initiatorId }: Pick<GrantSpec, 'diskId' | 'initiatorId'>) {
  const disk = await tx.disk(diskId)
  if (disk === undefined) throw notFound({ kind: 'disk', id: diskId })
  const initiator = await tx.initiator(initiatorId)
  if (initiator === undefined) throw notFound({ kind: 'initiator', id: initiatorId })
  await checkReach(tx, disk, initiator)
  const others = (await tx.grants(diskId)).map(({ attachment, initiator: holder }) => ({
    ...attachment,
    initiatorId: seen(tx, holder),
  }))
  return { disk, initiator, others }
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

/** The secrets are read when they are needed: an intent is kept in the journal. */
async function serve({ database, store, target }: Parts, { attachment, disk }: Intent): Promise<void> {
  const { initiatorId: id, readOnly } = attachment
  const initiator = await database.reader.initiator(id)
  if (initiator === undefined) throw notFound({ kind: 'initiator', id })
  await target.grant(exportOf(store, { disk, initiator, readOnly }))
}

function newAttachment(spec: GrantSpec, disk: Disk, grantedAt: Date): Attachment {
  const { diskId, initiatorId, readOnly, shared } = spec
  const targetName = targetNameOf(disk.groupId, initiatorId)
  return { diskId, initiatorId, readOnly, shared, targetName, lun: disk.lun, grantedAt }
}
