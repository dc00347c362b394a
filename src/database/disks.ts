import type { Kysely } from 'kysely'
import type { Disk, DiskId, InitiatorId, ManifestDisk, Reader, Transactor } from '../volumegroups/index.ts'
import { idAt, idsWithin } from './projects.ts'
import { type Row, toDisk } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type DiskReader = Pick<Reader, 'disk' | 'diskNamed' | 'disks' | 'promisedBytes'>
type DiskWriter = Pick<Transactor, 'insertDisk' | 'resizeDisk' | 'deleteDisk'>

export function diskReader(db: Kysely<Schema>): DiskReader {
  return {
    disk: async (id) => {
      const rows = await db.selectFrom('disks').selectAll().where('id', '=', id).execute()
      return (await toDisks(db, rows))[0]
    },
    diskNamed: async (project, name) => {
      const rows = await db
        .selectFrom('disks')
        .selectAll()
        .where('project_id', '=', idAt(db, project))
        .where('name', '=', name)
        .execute()
      return (await toDisks(db, rows))[0]
    },
    disks: async ({ groupId, name, within }, slice) => {
      let query = db.selectFrom('disks').selectAll()
      if (groupId !== undefined) query = query.where('group_id', '=', groupId)
      if (name !== undefined) query = query.where('name', '=', name)
      if (within !== undefined) query = query.where('project_id', 'in', idsWithin(db, within))
      return toDisks(db, await sliced(query, ['created_at_ms', 'id'], slice).execute())
    },
    promisedBytes: async () => {
      const sizes = db
        .selectFrom('disks')
        .select('size_bytes')
        .unionAll(db.selectFrom('tombstones').select('size_bytes').$narrowType<{ size_bytes: bigint }>())
      const query = db.selectFrom(sizes.as('sizes')).select(({ fn }) => fn.sum('size_bytes').as('bytes'))
      return BigInt((await query.executeTakeFirstOrThrow()).bytes ?? 0)
    },
  }
}

export async function toDisks(db: Kysely<Schema>, rows: readonly Row<'disks'>[]): Promise<Disk[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const attachments = await db
    .selectFrom('attachments')
    .select(['disk_id', 'initiator_id'])
    .where('disk_id', 'in', ids)
    .orderBy('granted_at_ms')
    .orderBy('initiator_id')
    .execute()
  const holders = Map.groupBy(attachments, (attachment) => attachment.disk_id)
  const holdersOf = (id: string): InitiatorId[] =>
    (holders.get(id) ?? []).map(({ initiator_id }) => initiator_id as InitiatorId)
  return rows.map((row) => toDisk(row, holdersOf(row.id)))
}

export function diskWriter(db: Kysely<Schema>): DiskWriter {
  return {
    insertDisk: async (disk) => {
      await db.insertInto('disks').values(diskColumns(db, disk)).execute()
    },
    resizeDisk: async (id, sizeBytes) => {
      await db
        .updateTable('disks')
        .set((eb) => ({ size_bytes: sizeBytes, generation: eb('generation', '+', 1n) }))
        .where('id', '=', id)
        .execute()
    },
    deleteDisk: async (id: DiskId) => {
      await db.deleteFrom('disks').where('id', '=', id).execute()
    },
  }
}

/** All that a row says of a disk, but for what is said of its data. */
export const diskColumns = (db: Kysely<Schema>, disk: ManifestDisk) => ({
  ...{ id: disk.id, name: disk.name, lun: disk.lun, generation: disk.generation },
  group_id: disk.groupId,
  project_id: projectOf(db, disk.groupId),
  size_bytes: disk.sizeBytes,
  attributes: JSON.stringify(disk.attributes),
  source_disk_id: disk.source?.diskId ?? null,
  source_recovery_point_id: disk.source?.kind === 'recoveryPoint' ? disk.source.recoveryPointId : null,
  group_changes: disk.groupChanges === undefined ? null : JSON.stringify(disk.groupChanges),
  created_at_ms: disk.createdAt.getTime(),
})

/** A subquery for the project that a row of the group carries. */
export const projectOf = (db: Kysely<Schema>, groupId: string) =>
  db.selectFrom('volume_groups').select('project_id').where('id', '=', groupId).$asScalar().$notNull()
