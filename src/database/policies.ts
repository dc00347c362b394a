import type { Kysely } from 'kysely'
import type {
  Policy,
  PolicyAssignment,
  PolicyId,
  PolicyReader,
  PolicySettings,
  PolicyTarget,
  PolicyWriter,
  VolumeGroupId,
} from '../volumegroups/index.ts'
import { planReader, planWriter } from './plans.ts'
import { idAt, idsWithin } from './projects.ts'
import { type Row, toDate } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

export function policyReader(db: Kysely<Schema>): PolicyReader {
  return {
    policy: async (id) => {
      const row = await policyRows(db).where('policies.id', '=', id).executeTakeFirst()
      return row && toPolicy(row)
    },
    policyNamed: async (project, name) => {
      const row = await policyRows(db)
        .where('projects.path', '=', project)
        .where('policies.name', '=', name)
        .executeTakeFirst()
      return row && toPolicy(row)
    },
    policies: async ({ project, kind, within }, slice) => {
      let query = policyRows(db)
      if (project !== undefined) query = query.where('projects.path', '=', project)
      if (kind !== undefined) query = query.where('policies.kind', '=', kind)
      if (within !== undefined) query = query.where('policies.project_id', 'in', idsWithin(db, within))
      const order = ['policies.created_at_ms', 'policies.id'] as const
      return (await sliced(query, order, slice).execute()).map(toPolicy)
    },
    policyAssignments: async ({ policyId, within }, slice) => {
      let query = settingRows(db)
      if (policyId !== undefined) query = query.where('policy_id', '=', policyId)
      if (within !== undefined) {
        const ids = idsWithin(db, within)
        const groups = db.selectFrom('volume_groups').select('id').where('project_id', 'in', ids)
        query = query.where((eb) =>
          eb.or([eb('setting.project_id', 'in', ids), eb('setting.group_id', 'in', groups)]),
        )
      }
      return (await sliced(query, ['set_at_ms', 'place', 'kind'], slice).execute()).map(toAssignment)
    },
    policySettings: (targets) => settingsWithPolicies(db, targets),
    ...planReader(db),
  }
}

/** What is set on these targets, or on any, with at least the policies that this names. */
export async function settingsWithPolicies(
  db: Kysely<Schema>,
  targets: readonly PolicyTarget[] | undefined,
): Promise<{ settings: PolicyAssignment[]; policies: Policy[] }> {
  const rows = await (targets === undefined ? settingRows(db) : settingsOn(db, targets)).execute()
  const settings = rows.map(toAssignment)
  const policyIds = [...new Set(settings.flatMap(({ policyId }) => policyId ?? []))]
  if (policyIds.length === 0) return { settings, policies: [] }
  // Asked for all, it reads all: a list of ids can be too long for a query.
  const policies =
    targets === undefined ? policyRows(db) : policyRows(db).where('policies.id', 'in', policyIds)
  return { settings, policies: (await policies.execute()).map(toPolicy) }
}

const policyRows = (db: Kysely<Schema>) =>
  db
    .selectFrom('policies')
    .innerJoin('projects', 'projects.id', 'policies.project_id')
    .selectAll('policies')
    .select('projects.path')

/** `place`: a project's path or a group's id, which is what a page's token goes on from. */
const settingRows = (db: Kysely<Schema>) =>
  db
    .selectFrom(
      db
        .selectFrom('policy_assignments as one')
        .leftJoin('projects', 'projects.id', 'one.project_id')
        .selectAll('one')
        .select(['projects.path', (eb) => eb.fn.coalesce('projects.path', 'one.group_id').as('place')])
        .as('setting'),
    )
    .selectAll()

function settingsOn(db: Kysely<Schema>, targets: readonly PolicyTarget[]) {
  const paths = targets.flatMap((target) => (target.kind === 'project' ? target.path : []))
  const groupIds = targets.flatMap((target) => (target.kind === 'volumeGroup' ? target.id : []))
  return settingRows(db).where((eb) =>
    eb.or([eb('setting.path', 'in', paths), eb('setting.group_id', 'in', groupIds)]),
  )
}

export function policyWriter(db: Kysely<Schema>): PolicyWriter {
  return {
    insertPolicy: async ({ id, name, project, generation, createdAt, ...settings }) => {
      await db
        .insertInto('policies')
        .values({
          ...{ id, name, generation },
          project_id: idAt(db, project),
          kind: settings.kind,
          settings: JSON.stringify(settings),
          created_at_ms: createdAt.getTime(),
        })
        .execute()
    },
    updatePolicy: async (id, settings) => {
      await db
        .updateTable('policies')
        .set((eb) => ({ settings: JSON.stringify(settings), generation: eb('generation', '+', 1n) }))
        .where('id', '=', id)
        .execute()
    },
    deletePolicy: async (id) => {
      await db.deleteFrom('policies').where('id', '=', id).execute()
    },
    putPolicyAssignment: async ({ target, kind, policyId, setAt }) => {
      await deleteAssignment(db, target, kind)
      const isGroup = target.kind === 'volumeGroup'
      await db
        .insertInto('policy_assignments')
        .values({
          target: isGroup ? target.id : idAt(db, target.path),
          kind,
          project_id: isGroup ? null : idAt(db, target.path),
          group_id: isGroup ? target.id : null,
          policy_id: policyId ?? null,
          set_at_ms: setAt.getTime(),
        })
        .execute()
    },
    ...planWriter(db),
    deletePolicyAssignment: (target, kind) => deleteAssignment(db, target, kind),
  }
}

async function deleteAssignment(db: Kysely<Schema>, target: PolicyTarget, kind: string): Promise<void> {
  await db
    .deleteFrom('policy_assignments')
    .where('target', '=', target.kind === 'volumeGroup' ? target.id : idAt(db, target.path))
    .where('kind', '=', kind)
    .execute()
}

function toPolicy(row: Row<'policies'> & { readonly path: string }): Policy {
  return {
    ...{ id: row.id as PolicyId, name: row.name, project: row.path },
    generation: Number(row.generation),
    createdAt: toDate(row.created_at_ms),
    ...(JSON.parse(row.settings) as PolicySettings),
  }
}

function toAssignment(row: Row<'policy_assignments'> & { readonly path: string | null }): PolicyAssignment {
  return {
    target:
      row.path === null
        ? { kind: 'volumeGroup', id: row.group_id as VolumeGroupId }
        : { kind: 'project', path: row.path },
    kind: row.kind as PolicyAssignment['kind'],
    policyId: (row.policy_id ?? undefined) as PolicyId | undefined,
    setAt: toDate(row.set_at_ms),
  }
}
