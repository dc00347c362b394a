import type { ExpressionBuilder, Kysely } from 'kysely'
import type {
  MissedSchedules,
  PlanQuery,
  PolicyId,
  PolicyReader,
  PolicyWriter,
  SchedulePlan,
  Slice,
  VolumeGroupId,
  Within,
} from '../volumegroups/index.ts'
import { OVERDUE, overdueBefore } from '../volumegroups/policies/plans.ts'
import { idsWithin } from './projects.ts'
import { type Row, toDate } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type PlanReader = Pick<PolicyReader, 'plan' | 'plans' | 'missedPlans' | 'schedulables' | 'groupsWithExpired'>
type PlanWriter = Pick<PolicyWriter, 'putPlan' | 'deletePlan'>

const isMissed = (eb: ExpressionBuilder<Schema, 'schedule_plans'>, now: Date) =>
  eb.or([eb('failure_reason', 'is not', null), eb('due_at_ms', '<', BigInt(overdueBefore(now).getTime()))])

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
    plans: (query, slice) => plansIn(db, query, slice),
    missedPlans: (now) => missedPlans(db, now),
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

async function plansIn(
  db: Kysely<Schema>,
  { state, now, within }: PlanQuery & Within,
  slice: Slice,
): Promise<SchedulePlan[]> {
  let query = db.selectFrom('schedule_plans').selectAll()
  if (state === 'missed') query = query.where((eb) => isMissed(eb, now))
  if (state === 'kept') query = query.where((eb) => eb.not(isMissed(eb, now)))
  if (within !== undefined) {
    const groups = db
      .selectFrom('volume_groups')
      .select('id')
      .where('project_id', 'in', idsWithin(db, within))
    query = query.where('group_id', 'in', groups)
  }
  return (await sliced(query, ['due_at_ms', 'group_id'], slice).execute()).map(toPlan)
}

async function missedPlans(db: Kysely<Schema>, now: Date): Promise<MissedSchedules[]> {
  const rows = await db
    .selectFrom('schedule_plans')
    .select(['failure_reason', ({ fn }) => fn.countAll().as('count')])
    .select(({ fn }) => fn.min('due_at_ms').as('since_ms'))
    .where((eb) => isMissed(eb, now))
    .groupBy('failure_reason')
    .execute()
  return rows.map(({ failure_reason, count, since_ms }) => ({
    reason: failure_reason ?? OVERDUE,
    count: Number(count),
    since: toDate(BigInt(since_ms)),
  }))
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
