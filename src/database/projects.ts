import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { DiskId, Moved, PolicyId, ProjectPath, Reader, Transactor } from '../volumegroups/index.ts'
import { ancestryOf } from '../volumegroups/policies/effective.ts'
import { depthOf, movedPath, parentOf } from '../volumegroups/rules/projects.ts'
import { toProject } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type ProjectReader = Pick<
  Reader,
  'project' | 'projectAt' | 'projects' | 'projectContents' | 'depthWithin' | 'stranded' | 'strandedPolicies'
>
type ProjectWriter = Pick<Transactor, 'insertProject' | 'touchProject' | 'moveProject' | 'deleteProject'>

/** The ids of a project and of all that is in it, as a subquery. */
export const idsWithin = (db: Kysely<Schema>, path: ProjectPath) =>
  db
    .selectFrom('projects')
    .select('projects.id')
    .where((eb) => isWithin(eb, path))

/** The id of the project at a path, as a subquery. */
export const idAt = (db: Kysely<Schema>, path: ProjectPath) =>
  db.selectFrom('projects').select('projects.id').where('path', '=', path).$asScalar().$notNull()

/** Plain functions instead of a pattern: a name may hold what a pattern gives a meaning. */
function isWithin(eb: ExpressionBuilder<Schema, 'projects'>, path: ProjectPath) {
  const isUnder = eb(sql`substr(path, 1, ${prefixOf(path).length})`, '=', prefixOf(path))
  return eb.or([eb('path', '=', path), isUnder])
}

const prefixOf = (path: ProjectPath): string => (path === '/' ? '/' : `${path}/`)

export function projectReader(db: Kysely<Schema>): ProjectReader {
  return {
    project: async (id) => {
      const row = await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toProject(row)
    },
    projectAt: async (path) => {
      const row = await db.selectFrom('projects').selectAll().where('path', '=', path).executeTakeFirst()
      return row && toProject(row)
    },
    projects: async ({ path, parent, under, within }, slice) => {
      let query = db.selectFrom('projects').selectAll()
      if (path !== undefined) query = query.where('path', '=', path)
      if (parent !== undefined) query = query.where('parent_id', '=', idAt(db, parent))
      if (under !== undefined)
        query = query.where('id', 'in', idsWithin(db, under)).where('path', '!=', under)
      if (within !== undefined) query = query.where('id', 'in', idsWithin(db, within))
      return (await sliced(query, ['created_at_ms', 'id'], slice).execute()).map(toProject)
    },
    projectContents: (id, limit) => contentsOf(db, id, limit),
    depthWithin: async (path) => {
      const rows = await db
        .selectFrom('projects')
        .select('path')
        .where('id', 'in', idsWithin(db, path))
        .execute()
      return Math.max(...rows.map((row) => depthOf(row.path)))
    },
    stranded: (moved, to, limit) => strandedBy(db, { moved, to, limit }),
    strandedPolicies: (moved, to, limit) => strandedPolicies(db, { moved, to, limit }),
  }
}

async function strandedBy(
  db: Kysely<Schema>,
  { moved: { groupId, project }, to, limit }: { moved: Moved; to: ProjectPath; limit: number },
): Promise<DiskId[]> {
  let query = db
    .selectFrom('attachments')
    .innerJoin('disks', 'disks.id', 'attachments.disk_id')
    .innerJoin('initiators', 'initiators.id', 'attachments.initiator_id')
    .innerJoin('projects', 'projects.id', 'initiators.project_id')
    .select('disk_id')
    .distinct()
    .where('projects.path', 'not in', ancestryOf(to))
  if (groupId !== undefined) query = query.where('disks.group_id', '=', groupId)
  if (project !== undefined) {
    const ids = idsWithin(db, project)
    query = query.where('disks.project_id', 'in', ids).where('initiators.project_id', 'not in', ids)
  }
  return (await query.limit(limit).execute()).map((row) => row.disk_id as DiskId)
}

async function strandedPolicies(
  db: Kysely<Schema>,
  { moved: { groupId, project }, to, limit }: { moved: Moved; to: ProjectPath; limit: number },
): Promise<PolicyId[]> {
  let query = db
    .selectFrom('policy_assignments as setting')
    .innerJoin('policies', 'policies.id', 'setting.policy_id')
    .innerJoin('projects', 'projects.id', 'policies.project_id')
    .select('policies.id')
    .distinct()
    .where('projects.path', 'not in', ancestryOf(to))
  if (groupId !== undefined) query = query.where('setting.group_id', '=', groupId)
  if (project !== undefined) {
    const ids = idsWithin(db, project)
    const groups = db.selectFrom('volume_groups').select('id').where('project_id', 'in', ids)
    query = query
      .where('policies.project_id', 'not in', ids)
      .where((eb) => eb.or([eb('setting.project_id', 'in', ids), eb('setting.group_id', 'in', groups)]))
  }
  return (await query.limit(limit).execute()).map((row) => row.id as PolicyId)
}

async function contentsOf(db: Kysely<Schema>, id: string, limit: number) {
  const held = db
    .selectFrom('projects')
    .select('path as what')
    .where('parent_id', '=', id)
    .unionAll(db.selectFrom('volume_groups').select('id as what').where('project_id', '=', id))
    .unionAll(
      db
        .selectFrom('tombstones')
        .select(sql<string>`'deleted ' || id`.as('what'))
        .where('project_id', '=', id),
    )
    .unionAll(db.selectFrom('initiators').select('id as what').where('project_id', '=', id))
    .unionAll(db.selectFrom('policies').select('id as what').where('project_id', '=', id))
    .unionAll(db.selectFrom('tokens').select('id as what').where('project_id', '=', id))
  const rows = await held.limit(limit).execute()
  const { count } = await db
    .selectFrom(held.as('held'))
    .select((eb) => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return { first: rows.map(({ what }) => what), count: Number(count) }
}

export function projectWriter(db: Kysely<Schema>): ProjectWriter {
  return {
    insertProject: async ({ id, path, generation, createdAt }) => {
      await db
        .insertInto('projects')
        .values({
          ...{ id, path, generation, name: nameOf(path), created_at_ms: createdAt.getTime() },
          parent_id: idAt(db, parentOf(path) as ProjectPath),
        })
        .execute()
    },
    touchProject: async (path) => {
      await db
        .updateTable('projects')
        .set((eb) => ({ generation: eb('generation', '+', 1n) }))
        .where('path', '=', path)
        .execute()
    },
    moveProject: (id, path) => move(db, id, path),
    deleteProject: async (id) => {
      await db.deleteFrom('projects').where('id', '=', id).execute()
    },
  }
}

const nameOf = (path: ProjectPath): string => path.slice(path.lastIndexOf('/') + 1)

async function move(db: Kysely<Schema>, id: string, to: ProjectPath): Promise<void> {
  const { path: from } = await db
    .selectFrom('projects')
    .select('path')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  await db
    .updateTable('volume_groups')
    .set((eb) => ({ generation: eb('generation', '+', 1n) }))
    .where('project_id', 'in', idsWithin(db, from))
    .execute()
  const moved = await db
    .selectFrom('projects')
    .select(['id', 'path'])
    .where('id', 'in', idsWithin(db, from))
    .execute()
  for (const project of moved) {
    await db
      .updateTable('projects')
      .set((eb) => ({ path: movedPath(project.path, from, to), generation: eb('generation', '+', 1n) }))
      .where('id', '=', project.id)
      .execute()
  }
  const parent_id = idAt(db, parentOf(to) as ProjectPath)
  await db
    .updateTable('projects')
    .set({ name: nameOf(to), parent_id })
    .where('id', '=', id)
    .execute()
}
