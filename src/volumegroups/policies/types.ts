import type { PolicyId, VolumeGroupId } from '../ids.ts'
import type { ProjectPath } from '../types.ts'

/**
 * When points are due. `cron`: five fields, in the time of a place. `interval`: evenly, whatever the calendar says.
 * Either is spread: each group has its own small and fixed delay.
 */
export type Schedule =
  | { readonly kind: 'cron'; readonly cron: string; readonly timeZone: string }
  | { readonly kind: 'interval'; readonly everyMs: number }

/**
 * Which scheduled points stay: the newest ones, and the newest of each hour, day, week (ISO 8601), month and year
 * that has one, for as many of them as said. Hours without a point do not count: an outage costs no point.
 */
export interface Retention {
  readonly newest: number
  readonly hourly: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
  readonly yearly: number
  /** The IANA time zone in which days and hours begin. */
  readonly timeZone: string
  /** Retention never leaves fewer scheduled points than this. */
  readonly minimumKept: number
}

export const CALENDAR_UNITS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type CalendarUnit = (typeof CALENDAR_UNITS)[number]

interface Named {
  readonly id: PolicyId
  /** Unique within its project. */
  readonly name: string
  /** The policy can be set on this project, and on what is in it. */
  readonly project: ProjectPath
  /** Grows at each change of the policy. */
  readonly generation: number
  readonly createdAt: Date
}

export interface SnapshotSettings {
  readonly kind: 'snapshot'
  readonly schedules: readonly Schedule[]
  readonly retention: Retention
  /** For so long after its making a scheduled point can't be deleted. */
  readonly lockMs: number
  /** Scheduled points may be deleted before their time when the pool is full, oldest first. Left out: they may not. */
  readonly expireEarly?: boolean | undefined
}

export interface ProtectionSettings {
  readonly kind: 'protection'
  /** The name of the remote that recovery points travel to. */
  readonly remote: string
  /** How much of the newest data a disaster may cost. */
  readonly rpoMs: number
  readonly remoteRetention: Retention
}

export type SnapshotPolicy = Named & SnapshotSettings
export type ProtectionPolicy = Named & ProtectionSettings
export type Policy = SnapshotPolicy | ProtectionPolicy
export type PolicySettings = SnapshotSettings | ProtectionSettings
export type PolicyKind = Policy['kind']

/** What a policy can be set on. */
export type PolicyTarget =
  | { readonly kind: 'project'; readonly path: ProjectPath }
  | { readonly kind: 'volumeGroup'; readonly id: VolumeGroupId }

/** What is set on one target. Without a policy it says: none, whatever the projects above say. */
export interface PolicySetting {
  readonly target: PolicyTarget
  readonly kind: PolicyKind
  readonly policyId: PolicyId | undefined
}

export interface PolicyAssignment extends PolicySetting {
  readonly setAt: Date
}

export interface SettingsWithPolicies {
  readonly settings: readonly PolicySetting[]
  /** At least those that the settings name. */
  readonly policies: readonly Policy[]
}

export interface AssignmentsWithPolicies extends SettingsWithPolicies {
  readonly settings: readonly PolicyAssignment[]
}

/** A value with where it came from. */
export interface Inherited<Kind extends Policy> {
  /** Left out: there is none, by a setting or for want of one. */
  readonly policy: Kind | undefined
  /** Where it is set; left out: nowhere. */
  readonly from: PolicyTarget | undefined
  /** Where a setting was looked for, nearest first; the last is `from`, or the root project. */
  readonly path: readonly PolicyTarget[]
}

export interface EffectivePolicies {
  readonly snapshot: Inherited<SnapshotPolicy>
  readonly protection: Inherited<ProtectionPolicy>
}
