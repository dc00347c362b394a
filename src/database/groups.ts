import type { Kysely } from 'kysely'
import {
  type DiskId,
  MAX_LUN,
  type ProjectPath,
  type Reader,
  type RecoveryPointId,
  type Transactor,
  type VolumeGroupId,
} from '../volumegroups/index.ts'
import { manifestOf } from './manifests.ts'
import { idAt, idsWithin } from './projects.ts'
import { toGroup } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type GroupReader = Pick<Reader, 'group' | 'groupNamed' | 'groups' | 'clashes' | 'contents' | 'manifest'>
type GroupWriter = Pick<
  Transactor,
  'insertGroup' | 'setLabels' | 'touchGroup' | 'moveGroup' | 'deleteGroup' | 'takeLun'
>

/** Groups with the paths of their projects. */
const groupRows = (db: Kysely<Schema>) =>
  db
    .selectFrom('volume_groups')
    .innerJoin('projects', 'projects.id', 'volume_groups.project_id')
    .selectAll('volume_groups')
    .select('projects.path as project')

export function groupReader(db: Kysely<Schema>): GroupReader {
  return {
    group: async (id) => {
      const row = await groupRows(db).where('volume_groups.id', '=', id).executeTakeFirst()
      return row && toGroup(row)
    },
    groupNamed: async (project, name) => {
      const placed = groupRows(db).where('projects.path', '=', project)
      const row = await placed.where('volume_groups.name', '=', name).executeTakeFirst()
      return row && toGroup(row)
    },
    groups: async ({ name, within }, slice) => {
      let query = groupRows(db)
      if (name !== undefined) query = query.where('volume_groups.name', '=', name)
      if (within !== undefined) query = query.where('project_id', 'in', idsWithin(db, within))
      const order = ['volume_groups.created_at_ms', 'volume_groups.id'] as const
      return (await sliced(query, order, slice).execute()).map(toGroup)
    },
    clashes: (id, project, limit) => clashesOf(db, { id, project, limit }),
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
    manifest: async (id) => {
      const group = db.selectFrom('volume_groups').select('data_missing_since_ms').where('id', '=', id)
      const isMissing = ((await group.executeTakeFirst())?.data_missing_since_ms ?? null) !== null
      return isMissing ? undefined : manifestOf(db, id)
    },
  }
}

async function clashesOf(
  db: Kysely<Schema>,
  { id, project, limit }: { id: VolumeGroupId; project: ProjectPath; limit: number },
): Promise<string[]> {
  const found: string[] = []
  const there = idAt(db, project)
  for (const [table, noun] of NAMED) {
    const own = db
      .selectFrom(table)
      .select('name')
      .where(table === 'volume_groups' ? 'id' : 'group_id', '=', id)
    const taken = db.selectFrom(table).select('name').where('project_id', '=', there).where('name', 'in', own)
    const rows = await taken.orderBy('name').limit(limit).execute()
    found.push(...rows.map(({ name }) => `${noun} "${name}"`))
  }
  return found.slice(0, limit)
}

/** What has a name that is unique within its project. */
const NAMED = [
  ['volume_groups', 'volume group'],
  ['disks', 'disk'],
  ['recovery_points', 'recovery point'],
] as const

export function groupWriter(db: Kysely<Schema>): GroupWriter {
  return {
    insertGroup: async (group) => {
      const { id, name, generation, epoch } = group
      await db
        .insertInto('volume_groups')
        .values({
          ...{ id, name, generation, epoch },
          project_id: idAt(db, group.project),
          implicit: group.implicit ? 1 : 0,
          labels: JSON.stringify(group.labels),
          next_lun: 1,
          created_at_ms: group.createdAt.getTime(),
        })
        .execute()
    },
    setLabels: async (id, labels) => {
      await db
        .updateTable('volume_groups')
        .set({ labels: JSON.stringify(labels) })
        .where('id', '=', id)
        .execute()
    },
    touchGroup: async (id) => {
      for (const table of ['volume_groups', 'tombstones'] as const) {
        await db
          .updateTable(table)
          .set((eb) => ({ generation: eb('generation', '+', 1n) }))
          .where('id', '=', id)
          .execute()
      }
    },
    moveGroup: async (id, project) => {
      await db
        .updateTable('volume_groups')
        .set((eb) => ({ project_id: idAt(db, project), generation: eb('generation', '+', 1n) }))
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
  const luns = db
    .selectFrom('disks')
    .select(['group_id', 'lun'])
    .unionAll(db.selectFrom('tombstones').select(['group_id', 'lun']).$narrowType<{ lun: bigint }>())
  const taken = await db
    .selectFrom(luns.as('luns'))
    .select('lun')
    .distinct()
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
