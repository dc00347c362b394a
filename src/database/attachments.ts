import type { Kysely } from 'kysely'
import {
  type Attachment,
  type DiskId,
  type Grant,
  type InitiatorId,
  type Reader,
  type Transactor,
  targetNameOf,
  type VolumeGroupId,
} from '../volumegroups/index.ts'
import { toDisks } from './disks.ts'
import { initiatorRows } from './initiators.ts'
import { idsWithin } from './projects.ts'
import { fromFlag, type Row, toCredentialed, toDate, toFlag } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type AttachmentReader = Pick<Reader, 'attachments' | 'countAttachments' | 'grants'>
type AttachmentWriter = Pick<Transactor, 'insertAttachment' | 'deleteAttachments'>
type AttachmentRow = Row<'attachments'> & Pick<Row<'disks'>, 'group_id' | 'lun'>

export function attachmentReader(db: Kysely<Schema>): AttachmentReader {
  const rows = () =>
    db
      .selectFrom('attachments')
      .innerJoin('disks', 'disks.id', 'attachments.disk_id')
      .selectAll('attachments')
      .select(['disks.group_id', 'disks.lun'])
  return {
    attachments: async ({ diskId, initiatorId, within, own }, slice) => {
      let query = rows()
      if (diskId !== undefined) query = query.where('disk_id', '=', diskId)
      if (initiatorId !== undefined) query = query.where('initiator_id', '=', initiatorId)
      if (within !== undefined) {
        const ids = idsWithin(db, within)
        const initiators = db.selectFrom('initiators').select('id').where('project_id', 'in', ids)
        query = query
          .where('disks.project_id', 'in', ids)
          .where((eb) => eb.or([eb('initiator_id', 'in', initiators), eb('initiator_id', '=', own ?? '')]))
      }
      const order = ['granted_at_ms', 'disk_id', 'initiator_id'] as const
      return (await sliced(query, order, slice).execute()).map(toAttachment)
    },
    countAttachments: async (id) => {
      const { count } = await db
        .selectFrom('attachments')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('initiator_id', '=', id)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    grants: async (diskId) => {
      let query = rows().orderBy('granted_at_ms').orderBy('disk_id').orderBy('initiator_id')
      if (diskId !== undefined) query = query.where('disk_id', '=', diskId)
      return grantsOf(db, await query.execute())
    },
  }
}

function toAttachment(row: AttachmentRow): Attachment {
  const initiatorId = row.initiator_id as InitiatorId
  return {
    diskId: row.disk_id as DiskId,
    initiatorId,
    readOnly: toFlag(row.read_only),
    shared: toFlag(row.shared),
    targetName: targetNameOf(row.group_id as VolumeGroupId, initiatorId),
    lun: Number(row.lun),
    grantedAt: toDate(row.granted_at_ms),
  }
}

async function grantsOf(db: Kysely<Schema>, rows: readonly AttachmentRow[]): Promise<Grant[]> {
  if (rows.length === 0) return []
  const diskIds = [...new Set(rows.map((row) => row.disk_id))]
  const initiatorIds = [...new Set(rows.map((row) => row.initiator_id))]
  const diskRows = await db.selectFrom('disks').selectAll().where('id', 'in', diskIds).execute()
  const holders = await initiatorRows(db).where('initiators.id', 'in', initiatorIds).execute()
  const disks = new Map((await toDisks(db, diskRows)).map((disk) => [disk.id, disk]))
  const initiators = new Map(holders.map((row) => [row.id, toCredentialed(row)]))
  return rows.flatMap((row) => {
    const attachment = toAttachment(row)
    const disk = disks.get(attachment.diskId)
    const initiator = initiators.get(attachment.initiatorId)
    return disk && initiator ? [{ attachment, disk, initiator }] : []
  })
}

export function attachmentWriter(db: Kysely<Schema>): AttachmentWriter {
  return {
    insertAttachment: async ({ diskId, initiatorId, readOnly, shared, grantedAt }) => {
      await db
        .insertInto('attachments')
        .values({
          disk_id: diskId,
          initiator_id: initiatorId,
          read_only: fromFlag(readOnly),
          shared: fromFlag(shared),
          granted_at_ms: grantedAt.getTime(),
        })
        .execute()
    },
    deleteAttachments: async (diskId, initiatorIds) => {
      if (initiatorIds.length === 0) return
      await db
        .deleteFrom('attachments')
        .where('disk_id', '=', diskId)
        .where('initiator_id', 'in', [...initiatorIds])
        .execute()
    },
  }
}
