import type { Kysely } from 'kysely'
import type {
  PolicyId,
  PolicyReader,
  PolicyWriter,
  SchedulePlan,
  VolumeGroupId,
} from '../volumegroups/index.ts'
import { type Row, toDate } from './rows.ts'
import type { Schema } from './schema.ts'

type PlanReader = Pick<PolicyReader, 'plan' | 'schedulables' | 'groupsWithExpired'>
type PlanWriter = Pick<PolicyWriter, 'putPlan' | 'deletePlan'>

export function planReader(db: Kysely<Schema>): PlanReader {
  return {
    plan: async (id) => {
      const row = await db
        .selectFrom('schedule_plans')
        .selectAll()
        .where('group_id', '=', id)
        .executeTakeFirst()
      return row && toPlan(row)
    },
    schedulables: async () => {
      const rows = await db.selectFrom('schedule_plans').selectAll().execute()
      const plans = new Map(rows.map((row) => [row.group_id, toPlan(row)]))
      const withDisks = await db.selectFrom('disks').select('group_id').distinct().execute()
      const full = new Set(withDisks.map((row) => row.group_id))
      const groups = await db
        .selectFrom('volume_groups')
        .innerJoin('projects', 'projects.id', 'volume_groups.project_id')
        .select(['volume_groups.id', 'projects.path'])
        .execute()
      return groups
        .filter(({ id }) => full.has(id) || plans.has(id))
        .map(({ id, path }) => ({
          group: { id: id as VolumeGroupId, project: path },
          hasDisks: full.has(id),
          plan: plans.get(id),
        }))
    },
    groupsWithExpired: async (now) => {
      const rows = await db
        .selectFrom('recovery_points')
        .select('group_id')
        .distinct()
        .where('expires_at_ms', '<=', BigInt(now.getTime()))
        .where((eb) =>
          eb.or([eb('locked_until_ms', 'is', null), eb('locked_until_ms', '<=', BigInt(now.getTime()))]),
        )
        .execute()
      return rows.map((row) => row.group_id as VolumeGroupId)
    },
  }
}

export function planWriter(db: Kysely<Schema>): PlanWriter {
  const deletePlan = async (id: VolumeGroupId): Promise<void> => {
    await db.deleteFrom('schedule_plans').where('group_id', '=', id).execute()
  }
  return {
    deletePlan,
    putPlan: async (plan) => {
      await deletePlan(plan.groupId)
      await db.insertInto('schedule_plans').values(fromPlan(plan)).execute()
    },
  }
}

const fromPlan = (plan: SchedulePlan) => ({
  group_id: plan.groupId,
  policy_id: plan.policyId,
  policy_generation: plan.policyGeneration,
  due_at_ms: plan.dueAt.getTime(),
  point_name: plan.pointName,
  try_at_ms: plan.tryAt.getTime(),
  failures: plan.failures,
  failure_reason: plan.failure?.reason ?? null,
  failure_message: plan.failure?.message ?? null,
  last_point_at_ms: plan.lastPointAt?.getTime() ?? null,
})

function toPlan(row: Row<'schedule_plans'>): SchedulePlan {
  const { failure_reason: reason, failure_message: message, last_point_at_ms: lastMs } = row
  return {
    groupId: row.group_id as VolumeGroupId,
    policyId: row.policy_id as PolicyId,
    policyGeneration: Number(row.policy_generation),
    dueAt: toDate(row.due_at_ms),
    pointName: row.point_name,
    tryAt: toDate(row.try_at_ms),
    failures: Number(row.failures),
    failure: reason === null ? undefined : { reason, message: message ?? '' },
    lastPointAt: lastMs === null ? undefined : toDate(lastMs),
  }
}
