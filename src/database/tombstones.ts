import type { Kysely } from 'kysely'
import { decodeExactly, encodeExactly } from '../lib/exact-json.ts'
import type {
  DeletedDisk,
  DeletedGroup,
  DeletedThing,
  Deletion,
  Reader,
  Transactor,
} from '../volumegroups/index.ts'
import { idAt, idsWithin } from './projects.ts'
import { type Row, toDate } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type TombstoneReader = Pick<Reader, 'deletedDisk' | 'deletedGroup' | 'deletedThings' | 'deletedSums'>
type TombstoneWriter = Pick<
  Transactor,
  'putDeletedDisk' | 'putDeletedGroup' | 'insertUndeleted' | 'dropDeleted'
>

type Tombstone = Row<'tombstones'>

export function tombstoneReader(db: Kysely<Schema>): TombstoneReader {
  const find = (id: string) => db.selectFrom('tombstones').selectAll().where('id', '=', id).executeTakeFirst()
  return {
    deletedDisk: async (id) => {
      const row = await find(id)
      return row && toDeletedDisk(row)
    },
    deletedGroup: (id) => deletedGroupOf(db, id),
    deletedSums: async () => {
      const query = db.selectFrom('tombstones').groupBy('kind').orderBy('kind').select('kind')
      const rows = await query
        .select(({ fn }) => [fn.countAll().as('count'), fn.sum('size_bytes').as('bytes')])
        .execute()
      return rows.map(({ kind, count, bytes }) => ({
        kind: kind as DeletedThing['kind'],
        count: Number(count),
        sizeBytes: BigInt(bytes ?? 0),
      }))
    },
    deletedThings: async ({ kind, groupId, within }, slice) => {
      let query = db.selectFrom(placed(db).as('tombstone')).selectAll()
      if (kind !== undefined) query = query.where('kind', '=', kind)
      if (groupId !== undefined) query = query.where('group_id', '=', groupId)
      if (within !== undefined) query = query.where('place_id', 'in', idsWithin(db, within))
      return (await sliced(query, ['deleted_at_ms', 'id'], slice).execute()).map(toThing)
    },
  }
}

/** With the project of the group, deleted or not. */
const placed = (db: Kysely<Schema>) =>
  db
    .selectFrom('tombstones as one')
    .leftJoin('volume_groups', 'volume_groups.id', 'one.group_id')
    .leftJoin('tombstones as parent', 'parent.id', 'one.group_id')
    .leftJoin('projects', (join) =>
      join.on('projects.id', '=', (eb) => eb.fn.coalesce('volume_groups.project_id', 'parent.project_id')),
    )
    .selectAll('one')
    .select(['projects.id as place_id', 'projects.path as place'])

/** The deleted disks of a group, in the order of their LUNs. */
export async function deletedDisksOf(db: Kysely<Schema>, groupId: string): Promise<DeletedDisk[]> {
  const rows = db.selectFrom('tombstones').selectAll().where('kind', '=', 'disk')
  return (await rows.where('group_id', '=', groupId).orderBy('lun').orderBy('id').execute()).map(
    toDeletedDisk,
  )
}

export async function deletedGroupOf(db: Kysely<Schema>, id: string): Promise<DeletedGroup | undefined> {
  const row = await db
    .selectFrom('tombstones')
    .innerJoin('projects', 'projects.id', 'tombstones.project_id')
    .selectAll('tombstones')
    .select('projects.path as project')
    .where('tombstones.id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { group, settings } = decodeExactly(row.entity) as Pick<DeletedGroup, 'group' | 'settings'>
  const { name, project, generation } = row
  return { ...toDeletion(row), group: { ...group, name, project, generation: Number(generation) }, settings }
}

const toDeletion = (row: Tombstone): Deletion => ({
  deletedAt: toDate(row.deleted_at_ms),
  restorableUntil: toDate(row.restorable_until_ms),
  reason: row.reason as Deletion['reason'],
  ...(row.actor === null ? {} : { actor: row.actor }),
})

const toDeletedDisk = (row: Tombstone): DeletedDisk => ({
  ...toDeletion(row),
  disk: decodeExactly(row.entity) as DeletedDisk['disk'],
})

const toThing = (row: Tombstone & { readonly place: string | null }): DeletedThing => ({
  kind: row.kind as DeletedThing['kind'],
  id: row.id as DeletedThing['id'],
  name: row.name,
  project: row.place ?? '/',
  groupId: row.group_id as DeletedThing['groupId'],
  ...(row.size_bytes === null ? {} : { sizeBytes: BigInt(row.size_bytes) }),
  ...toDeletion(row),
})

export function tombstoneWriter(db: Kysely<Schema>): TombstoneWriter {
  const drop = async (id: string): Promise<void> => {
    await db.deleteFrom('tombstones').where('id', '=', id).execute()
  }
  return {
    putDeletedDisk: async ({ disk, ...deletion }) => {
      await drop(disk.id)
      const { id, groupId, name, sizeBytes, lun, generation } = disk
      await db
        .insertInto('tombstones')
        .values({
          ...{ id, kind: 'disk', group_id: groupId, project_id: null, name, size_bytes: sizeBytes },
          ...{ lun, next_lun: null, generation, entity: encodeExactly(disk) },
          ...deletionColumns(deletion),
        })
        .execute()
    },
    putDeletedGroup: async ({ group, settings, ...deletion }) => {
      const next_lun = await nextLunOf(db, group.id)
      await drop(group.id)
      const { id, name, project, generation } = group
      await db
        .insertInto('tombstones')
        .values({
          ...{ id, kind: 'volumeGroup', group_id: id, project_id: idAt(db, project), name, size_bytes: null },
          ...{ lun: null, next_lun, generation, entity: encodeExactly({ group, settings }) },
          ...deletionColumns(deletion),
        })
        .execute()
    },
    insertUndeleted: (deleted) => insertUndeleted(db, deleted),
    dropDeleted: drop,
  }
}

const deletionColumns = ({ deletedAt, restorableUntil, reason, actor }: Deletion) => ({
  ...{ deleted_at_ms: deletedAt.getTime(), restorable_until_ms: restorableUntil.getTime() },
  ...{ reason, actor: actor ?? null },
})

/** Of a group that is there, or was deleted; else the first. */
async function nextLunOf(db: Kysely<Schema>, id: string): Promise<bigint> {
  const group = db.selectFrom('volume_groups').select('next_lun').where('id', '=', id)
  const tombstone = db.selectFrom('tombstones').select('next_lun').where('id', '=', id)
  const row = (await group.executeTakeFirst()) ?? (await tombstone.executeTakeFirst())
  return row?.next_lun ?? 1n
}

async function insertUndeleted(db: Kysely<Schema>, { group, settings }: DeletedGroup): Promise<void> {
  const { id, name, project, generation, epoch, implicit, labels, createdAt } = group
  await db
    .insertInto('volume_groups')
    .values({
      ...{ id, name, generation, epoch, implicit: implicit ? 1 : 0, labels: JSON.stringify(labels) },
      project_id: idAt(db, project),
      next_lun: await nextLunOf(db, id),
      created_at_ms: createdAt.getTime(),
    })
    .execute()
  for (const { kind, policyId = null, setAt } of settings) {
    const policy = db
      .selectFrom('policies')
      .select('id')
      .where('id', '=', policyId ?? '')
    if (policyId !== null && (await policy.executeTakeFirst()) === undefined) continue
    await db
      .insertInto('policy_assignments')
      .values({
        ...{ target: id, kind, policy_id: policyId, set_at_ms: setAt.getTime() },
        ...{ project_id: null, group_id: id },
      })
      .execute()
  }
}
