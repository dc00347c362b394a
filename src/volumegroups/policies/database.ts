import type { Slice, Within } from '../database.ts'
import type { PolicyId, VolumeGroupId } from '../ids.ts'
import type { ProjectPath, VolumeGroup } from '../types.ts'
import type { MissedSchedules, SchedulePlan } from './plans.ts'
import type { AssignmentFilter, PolicyFilter, ScheduleFilter } from './port.ts'
import type {
  AssignmentsWithPolicies,
  Policy,
  PolicyAssignment,
  PolicyKind,
  PolicySettings,
  PolicyTarget,
} from './types.ts'

export interface PolicyReader {
  policy(id: PolicyId): Promise<Policy | undefined>
  policyNamed(project: ProjectPath, name: string): Promise<Policy | undefined>
  policies(query: PolicyFilter & Within, slice: Slice): Promise<readonly Policy[]>
  policyAssignments(query: AssignmentFilter & Within, slice: Slice): Promise<readonly PolicyAssignment[]>
  /** What is set on these targets, or on any, with the policies that this names. */
  policySettings(targets?: readonly PolicyTarget[]): Promise<AssignmentsWithPolicies>
  plan(group: VolumeGroupId): Promise<SchedulePlan | undefined>
  /** In the order in which they are due. `state`: as of `now`. */
  plans(query: PlanQuery & Within, slice: Slice): Promise<readonly SchedulePlan[]>
  /** Of all groups, by reason. */
  missedPlans(now: Date): Promise<readonly MissedSchedules[]>
  schedulables(): Promise<readonly Schedulable[]>
  /** The groups that hold points whose own time is over, and that no lock keeps. */
  groupsWithExpired(now: Date): Promise<readonly VolumeGroupId[]>
}

export interface PlanQuery extends ScheduleFilter {
  readonly now: Date
}

/** A group that the scheduler looks at: it has disks, or a plan from when it had. */
export interface Schedulable {
  readonly group: Pick<VolumeGroup, 'id' | 'project'>
  readonly hasDisks: boolean
  readonly plan: SchedulePlan | undefined
}

export interface PolicyWriter {
  putPlan(plan: SchedulePlan): Promise<void>
  deletePlan(group: VolumeGroupId): Promise<void>

  insertPolicy(policy: Policy): Promise<void>
  /** Its generation grows. */
  updatePolicy(id: PolicyId, settings: PolicySettings): Promise<void>
  deletePolicy(id: PolicyId): Promise<void>
  /** In place of what is set on the target. */
  putPolicyAssignment(assignment: PolicyAssignment): Promise<void>
  deletePolicyAssignment(target: PolicyTarget, kind: PolicyKind): Promise<void>
}
