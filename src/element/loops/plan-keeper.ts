import type {
  Database,
  Reader,
  SchedulePlan,
  SnapshotPolicy,
  Transactor,
  VolumeGroupId,
} from '../../volumegroups/index.ts'
import {
  effectivePolicies,
  type PolicyBook,
  policyBook,
  targetsOf,
} from '../../volumegroups/policies/effective.ts'
import { type PlanContext, planFor } from '../../volumegroups/policies/plans.ts'

export interface Replanned {
  /** In the order in which they were due. */
  readonly due: readonly SchedulePlan[]
  /** Whose policy is another than before. */
  readonly changed: readonly VolumeGroupId[]
}

/** Brings all plans to what policies say now; in one transaction, if there is anything to bring. */
export async function replan(database: Database, context: PlanContext): Promise<Replanned> {
  const seen = await plansAt(database.reader, context)
  const isSame = seen.every(({ known, wanted }) => known === wanted)
  const all = isSame ? seen : await database.transact((tx) => keepPlans(tx, context))
  const due = all.flatMap(({ wanted }) => (wanted && wanted.tryAt <= context.now ? [wanted] : []))
  const changed = all.filter(({ known, wanted }) => known && wanted && !isOfSamePolicy(known, wanted))
  return {
    due: due.sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime()),
    changed: changed.map(({ id }) => id),
  }
}

async function keepPlans(tx: Transactor, context: PlanContext): Promise<Planned[]> {
  const plans = await plansAt(tx, context)
  for (const { id, known, wanted } of plans) {
    if (wanted === undefined) await tx.deletePlan(id)
    else if (wanted !== known) await tx.putPlan(wanted)
  }
  return plans
}

const isOfSamePolicy = (a: SchedulePlan, b: SchedulePlan): boolean =>
  a.policyId === b.policyId && a.policyGeneration === b.policyGeneration

interface Planned {
  readonly id: VolumeGroupId
  readonly known: SchedulePlan | undefined
  readonly wanted: SchedulePlan | undefined
}

async function plansAt(reader: Reader, context: PlanContext): Promise<Planned[]> {
  const book = policyBook(await reader.policySettings())
  return (await reader.schedulables()).map(({ group, hasDisks, plan: known }) => {
    const policy = hasDisks ? snapshotPolicyOf(group, book) : undefined
    return { id: group.id, known, wanted: policy && planFor(group.id, known, policy, context) }
  })
}

const snapshotPolicyOf = (
  group: Parameters<typeof effectivePolicies>[0],
  book: PolicyBook,
): SnapshotPolicy | undefined => effectivePolicies(group, book).snapshot.policy

export async function policyOf(reader: Reader, id: VolumeGroupId): Promise<SnapshotPolicy | undefined> {
  const group = await reader.group(id)
  return group && snapshotPolicyOf(group, policyBook(await reader.policySettings(targetsOf(group))))
}

/** Unless somebody has planned anew, or the group is gone. */
export async function rewrite(database: Database, from: SchedulePlan, to: SchedulePlan): Promise<void> {
  await database.transact(async (tx) => {
    const known = await tx.plan(from.groupId)
    if (known?.pointName === from.pointName) await tx.putPlan(to)
  })
}
