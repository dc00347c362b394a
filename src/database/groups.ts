import type { Kysely } from 'kysely'
import {
  type DiskId,
  MAX_LUN,
  type Manifest,
  type Reader,
  type RecoveryPointId,
  type Transactor,
  type VolumeGroupId,
} from '../volumegroups/index.ts'
import { toRecoveryPoints } from './recovery-points.ts'
import { toDisk, toGroup } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type GroupReader = Pick<Reader, 'group' | 'groupNamed' | 'groups' | 'contents' | 'manifest'>
type GroupWriter = Pick<Transactor, 'insertGroup' | 'touchGroup' | 'deleteGroup' | 'takeLun'>

export function groupReader(db: Kysely<Schema>): GroupReader {
  return {
    group: async (id) => {
      const row = await db.selectFrom('volume_groups').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toGroup(row)
    },
    groupNamed: async (project, name) => {
      const row = await db
        .selectFrom('volume_groups')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      return row && toGroup(row)
    },
    groups: async ({ name }, slice) => {
      let query = db.selectFrom('volume_groups').selectAll()
      if (name !== undefined) query = query.where('name', '=', name)
      return (await sliced(query, ['created_at_ms', 'id'], slice).execute()).map(toGroup)
    },
    contents: async (id, limit) => {
      const rows = await db
        .selectFrom('disks')
        .select('id')
        .where('group_id', '=', id)
        .unionAll(db.selectFrom('recovery_points').select('id').where('group_id', '=', id))
        .limit(limit)
        .execute()
      return rows.map((row) => row.id as DiskId | RecoveryPointId)
    },
    manifest: (id) => manifestOf(db, id),
  }
}

async function manifestOf(db: Kysely<Schema>, id: VolumeGroupId): Promise<Manifest | undefined> {
  const group = await db.selectFrom('volume_groups').selectAll().where('id', '=', id).executeTakeFirst()
  if (group === undefined) return undefined
  const disks = db.selectFrom('disks').selectAll().where('group_id', '=', id).orderBy('lun')
  const points = db
    .selectFrom('recovery_points')
    .selectAll()
    .where('group_id', '=', id)
    .orderBy('created_at_ms')
    .orderBy('id')
  return {
    version: 1,
    group: toGroup(group),
    disks: (await disks.execute()).map((row) => {
      const { attachedTo: _, ...disk } = toDisk(row, [])
      return disk
    }),
    recoveryPoints: await toRecoveryPoints(db, await points.execute()),
  }
}

export function groupWriter(db: Kysely<Schema>): GroupWriter {
  return {
    insertGroup: async (group) => {
      const { id, project, name, generation, epoch } = group
      await db
        .insertInto('volume_groups')
        .values({
          ...{ id, project, name, generation, epoch },
          implicit: group.implicit ? 1 : 0,
          next_lun: 1,
          created_at_ms: group.createdAt.getTime(),
        })
        .execute()
    },
    touchGroup: async (id) => {
      await db
        .updateTable('volume_groups')
        .set((eb) => ({ generation: eb('generation', '+', 1n) }))
        .where('id', '=', id)
        .execute()
    },
    deleteGroup: async (id) => {
      await db.deleteFrom('volume_groups').where('id', '=', id).execute()
    },
    takeLun: (id) => takeLun(db, id),
  }
}

/** Counts up, and begins again at 1 only when the numbers are used up: a number rests as long as it can. */
async function takeLun(db: Kysely<Schema>, id: VolumeGroupId): Promise<number | undefined> {
  const group = await db
    .selectFrom('volume_groups')
    .select('next_lun')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const next = Number(group.next_lun)
  const lun = (await firstFree(db, id, next, MAX_LUN)) ?? (await firstFree(db, id, 1, next - 1))
  if (lun === undefined) return undefined
  const next_lun = (lun % MAX_LUN) + 1
  await db.updateTable('volume_groups').set({ next_lun }).where('id', '=', id).execute()
  return lun
}

async function firstFree(
  db: Kysely<Schema>,
  id: VolumeGroupId,
  from: number,
  to: number,
): Promise<number | undefined> {
  const taken = await db
    .selectFrom('disks')
    .select('lun')
    .where('group_id', '=', id)
    .where('lun', '>=', BigInt(from))
    .where('lun', '<=', BigInt(to))
    .orderBy('lun')
    .execute()
  let lun = from
  for (const row of taken) {
    if (Number(row.lun) !== lun) break
    lun += 1
  }
  return lun <= to ? lun : undefined
}
