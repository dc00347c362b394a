import type { Kysely } from 'kysely'
import {
  type DiskId,
  MAX_LUN,
  MAX_RECOVERIES,
  type ManifestDisk,
  type PlacedProject,
  type RecoveryId,
  type RecoveryReader,
  type RecoveryReport,
  type RecoverySummary,
  type RecoveryWriter,
  volumeGroupIds,
} from '../volumegroups/index.ts'
import { diskColumns } from './disks.ts'
import { manifestOf } from './manifests.ts'
import { idAt } from './projects.ts'
import { fromFlag, type Row, toDate, toFlag } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

export function recoveryReader(db: Kysely<Schema>): RecoveryReader {
  return {
    owner: async () => {
      const { id, incarnation } = await db.selectFrom('element').selectAll().executeTakeFirstOrThrow()
      return { elementId: id, incarnation }
    },
    groupRows: async () => {
      const groups = await db
        .selectFrom('volume_groups')
        .select(['id', 'data_missing_since_ms'])
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute()
      const missing = await db
        .selectFrom('disks')
        .select(['id', 'group_id'])
        .where('data_missing_since_ms', 'is not', null)
        .execute()
      const byGroup = Map.groupBy(missing, ({ group_id }) => group_id)
      const rows = []
      for (const { id, data_missing_since_ms } of groups) {
        const manifest = await manifestOf(db, id)
        if (manifest === undefined) continue
        const missingDisks = new Set((byGroup.get(id) ?? []).map((disk) => disk.id as DiskId))
        rows.push({ manifest, isMissing: data_missing_since_ms !== null, missingDisks })
      }
      const deleted = db.selectFrom('tombstones').select('id').where('kind', '=', 'volumeGroup')
      for (const { id } of await deleted.orderBy('deleted_at_ms').orderBy('id').execute()) {
        const manifest = await manifestOf(db, id)
        if (manifest) rows.push({ manifest, isMissing: false, missingDisks: new Set<DiskId>() })
      }
      return rows
    },
    recovery: async (id) => {
      const row = await db.selectFrom('recoveries').selectAll().where('id', '=', id).executeTakeFirst()
      return row && { ...toSummary(row), decisions: JSON.parse(row.decisions) }
    },
    recoveries: async (slice) => {
      const query = db.selectFrom('recoveries').select(SUMMARY)
      return (await sliced(query, ['at_ms', 'id'], slice).execute()).map(toSummary)
    },
  }
}

const SUMMARY = ['id', 'at_ms', 'is_restored', 'incarnation_before', 'incarnation_after', 'counts'] as const

const toSummary = (row: Pick<Row<'recoveries'>, (typeof SUMMARY)[number]>): RecoverySummary => ({
  id: row.id as RecoveryId,
  at: toDate(row.at_ms),
  isRestored: toFlag(row.is_restored),
  incarnations: { before: row.incarnation_before, after: row.incarnation_after },
  counts: JSON.parse(row.counts),
})

export function recoveryWriter(db: Kysely<Schema>): RecoveryWriter {
  return {
    putIncarnation: async (incarnation) => {
      await db.updateTable('element').set({ incarnation }).execute()
    },
    placeProjects: (projects) => placeProjects(db, projects),
    putGroup: (group) => putGroup(db, group),
    putDisk: (disk) => putDisk(db, disk),
    rename: async (id, name) => {
      const table = volumeGroupIds.is(id)
        ? 'volume_groups'
        : id.startsWith('disk')
          ? 'disks'
          : 'recovery_points'
      await db.updateTable(table).set({ name }).where('id', '=', id).execute()
    },
    putPolicy: async ({ id, name, project, generation, createdAt, ...settings }) => {
      const values = {
        ...{ name, generation, kind: settings.kind, settings: JSON.stringify(settings) },
        project_id: idAt(db, project),
        created_at_ms: createdAt.getTime(),
      }
      const { numUpdatedRows } = await db
        .updateTable('policies')
        .set(values)
        .where('id', '=', id)
        .executeTakeFirst()
      if (numUpdatedRows === 0n)
        await db
          .insertInto('policies')
          .values({ id, ...values })
          .execute()
    },
    putSettings: async (on, settings) => {
      await db.deleteFrom('policy_assignments').where('target', '=', on).execute()
      const isGroup = volumeGroupIds.is(on)
      for (const { kind, policyId = null, setAt } of settings) {
        await db
          .insertInto('policy_assignments')
          .values({
            ...{ target: on, kind, policy_id: policyId, set_at_ms: setAt.getTime() },
            ...{ project_id: isGroup ? null : on, group_id: isGroup ? on : null },
          })
          .execute()
      }
    },
    markMissing: async (id, since) => {
      const data_missing_since_ms = since?.getTime() ?? null
      const table = volumeGroupIds.is(id) ? 'volume_groups' : 'disks'
      await db.updateTable(table).set({ data_missing_since_ms }).where('id', '=', id).execute()
    },
    putRecovery: (recovery) => putRecovery(db, recovery),
  }
}

/** Two may exchange their names: all get passing ones first. */
async function placeProjects(db: Kysely<Schema>, projects: readonly PlacedProject[]): Promise<void> {
  for (const { id } of projects) {
    await db.updateTable('projects').set({ name: id, path: id }).where('id', '=', id).execute()
  }
  for (const { id, parentId = null, path, generation, createdAt } of projects) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const values = { name, path, generation, parent_id: parentId }
    const { numUpdatedRows } = await db
      .updateTable('projects')
      .set(values)
      .where('id', '=', id)
      .executeTakeFirst()
    if (numUpdatedRows > 0n) continue
    await db
      .insertInto('projects')
      .values({ id, created_at_ms: createdAt.getTime(), ...values })
      .execute()
  }
}

async function putGroup(db: Kysely<Schema>, group: Parameters<RecoveryWriter['putGroup']>[0]): Promise<void> {
  const { id, name, generation, epoch, projectId, implicit, labels, createdAt } = group
  const values = {
    ...{ name, generation, epoch, project_id: projectId, labels: JSON.stringify(labels) },
    implicit: fromFlag(implicit),
  }
  const { numUpdatedRows } = await db
    .updateTable('volume_groups')
    .set(values)
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return
  await db
    .insertInto('volume_groups')
    .values({ id, ...values, next_lun: 1, created_at_ms: createdAt.getTime() })
    .execute()
}

/** LUNs are given out after the highest one that was met. */
async function putDisk(db: Kysely<Schema>, disk: ManifestDisk): Promise<void> {
  const { id, ...columns } = diskColumns(db, disk)
  const { numUpdatedRows } = await db
    .updateTable('disks')
    .set(columns)
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows === 0n)
    await db
      .insertInto('disks')
      .values({ id, ...columns })
      .execute()
  await db
    .updateTable('volume_groups')
    .set({ next_lun: (disk.lun % MAX_LUN) + 1 })
    .where('id', '=', disk.groupId)
    .where('next_lun', '<=', BigInt(disk.lun))
    .execute()
}

async function putRecovery(db: Kysely<Schema>, recovery: RecoveryReport): Promise<void> {
  const { id, at, isRestored, incarnations, counts, decisions } = recovery
  await db.deleteFrom('recoveries').where('id', '=', id).execute()
  await db
    .insertInto('recoveries')
    .values({
      ...{ id, at_ms: at.getTime(), is_restored: fromFlag(isRestored) },
      ...{ incarnation_before: incarnations.before, incarnation_after: incarnations.after },
      ...{ counts: JSON.stringify(counts), decisions: JSON.stringify(decisions) },
    })
    .execute()
  const kept = db.selectFrom('recoveries').select('id').orderBy('at_ms', 'desc').orderBy('id', 'desc')
  await db.deleteFrom('recoveries').where('id', 'not in', kept.limit(MAX_RECOVERIES)).execute()
}
