import type { DiskId, PolicyId, VolumeGroupId } from '../ids.ts'
import type { CallOptions } from '../ports.ts'
import type { Page, PageQuery, ProjectPath } from '../types.ts'
import type { ScheduleState } from './plans.ts'
import type {
  EffectivePolicies,
  Policy,
  PolicyAssignment,
  PolicyKind,
  PolicySetting,
  PolicySettings,
  PolicyTarget,
} from './types.ts'

export type PolicySpec = { readonly name: string; readonly project: ProjectPath } & PolicySettings

export interface PolicyFilter {
  readonly project?: ProjectPath | undefined
  readonly kind?: PolicyKind | undefined
}

export interface AssignmentFilter {
  readonly policyId?: PolicyId | undefined
}

export interface ScheduleFilter {
  /** `missed`: a point is due and not made. */
  readonly state?: 'kept' | 'missed' | undefined
}

/** The part of the domain port that is about policies. */
export interface Policies {
  /** Idempotent by (project, name): the same settings, or NAME_TAKEN. */
  createPolicy(spec: PolicySpec, call?: CallOptions): Promise<Policy>
  getPolicy(id: PolicyId, call?: CallOptions): Promise<Policy>
  listPolicies(query?: PageQuery & PolicyFilter, call?: CallOptions): Promise<Page<Policy>>
  /** Takes effect at once wherever the policy is set. Its kind stays. */
  updatePolicy(id: PolicyId, settings: PolicySettings, call?: CallOptions): Promise<Policy>
  /** Refuses a policy that is set on anything. OK when it is gone already. */
  deletePolicy(id: PolicyId, call?: CallOptions): Promise<void>

  /** Sets a policy, or none, on a project or group, in place of what was set there. */
  assignPolicy(setting: PolicySetting, call?: CallOptions): Promise<PolicyAssignment>
  /** What is set above applies again. OK when nothing is set. */
  unassignPolicy(target: PolicyTarget, kind: PolicyKind, call?: CallOptions): Promise<void>
  listPolicyAssignments(
    query?: PageQuery & AssignmentFilter,
    call?: CallOptions,
  ): Promise<Page<PolicyAssignment>>

  /** What applies to a group or disk now, and where each value comes from. */
  effectivePolicies(of: VolumeGroupId | DiskId, call?: CallOptions): Promise<EffectivePolicies>
  /** When the group's next recovery point is due, and whether one was missed. */
  getSchedule(id: VolumeGroupId, call?: CallOptions): Promise<ScheduleState>
  /** Of all groups that have one: what is due first comes first, so that what was missed longest does. */
  listSchedules(query?: PageQuery & ScheduleFilter, call?: CallOptions): Promise<Page<ScheduleState>>
}
