import {
  CALENDAR_UNITS,
  type EffectivePolicies,
  type Inherited,
  type Policy,
  type PolicyAssignment,
  type PolicyTarget,
  type Retention,
  type Schedule,
} from '../../volumegroups/index.ts'
import { formatPeriod } from '../output/values.ts'
import type { View } from '../output/view.ts'
import { answersOf, encode } from '../output/wire.ts'

export const POLICY: View<Policy> = {
  plural: 'policies',
  toWire: answersOf('getPolicy', 'listPolicies'),
  columns: [
    { title: 'name', cell: ({ name }) => name, isFlexible: true },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'project', cell: ({ project }) => project, isFlexible: true },
    { title: 'what', cell: whatOf, isFlexible: true },
    { title: 'keeps', cell: keepsOf, isFlexible: true },
    { title: 'lock', cell: (policy) => lockOf(policy), rank: 'detail' },
    { title: 'age', field: 'created', cell: ({ createdAt }, { time }) => time(createdAt), align: 'right' },
    { title: 'id', cell: ({ id }) => id },
    { title: 'generation', cell: ({ generation }) => String(generation), rank: 'detail' },
  ],
}

export const ASSIGNMENT: View<PolicyAssignment> = {
  plural: 'policies set',
  toWire: answersOf('assignPolicy', 'listPolicyAssignments'),
  columns: [
    { title: 'set on', cell: ({ target }) => targetOf(target) },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'policy', cell: ({ policyId }) => policyId ?? '(none)' },
    { title: 'age', field: 'set', cell: ({ setAt }, { time }) => time(setAt), align: 'right' },
  ],
}

/** Each value with where it came from. */
export const EFFECTIVE: View<EffectivePolicies> = {
  plural: 'policies',
  toWire: {
    one: (effective) => encode('groupPolicies', effective),
    page: ({ items }) => Promise.all(items.map((item) => encode('groupPolicies', item))),
  },
  columns: (['snapshot', 'protection'] as const).flatMap((kind) => [
    { title: kind, cell: (effective: EffectivePolicies) => policyOf(effective[kind]) },
    { title: `${kind} from`, cell: (effective: EffectivePolicies) => sourceOf(effective[kind]) },
  ]),
}

function policyOf({ policy }: Inherited<Policy>): string {
  return policy === undefined
    ? 'none'
    : `${policy.name}: ${whatOf(policy)}; keeps ${keepsOf(policy)} (${policy.id})`
}

function sourceOf({ from, path }: Inherited<Policy>): string {
  return from === undefined ? `set nowhere: looked at ${path.map(targetOf).join(', ')}` : targetOf(from)
}

const targetOf = (target: PolicyTarget): string => (target.kind === 'project' ? target.path : target.id)

const retentionOf = (policy: Policy): Retention =>
  policy.kind === 'snapshot' ? policy.retention : policy.remoteRetention

function keepsOf(policy: Policy): string {
  const isEarly = policy.kind === 'snapshot' && policy.expireEarly
  return `${keptOf(retentionOf(policy))}${isEarly ? '; fewer when the pool is full' : ''}`
}

const lockOf = (policy: Policy): string =>
  policy.kind === 'snapshot' && policy.lockMs > 0 ? formatPeriod(policy.lockMs) : ''

function whatOf(policy: Policy): string {
  return policy.kind === 'snapshot'
    ? policy.schedules.map(scheduleOf).join(', ')
    : `to ${policy.remote}, at most ${formatPeriod(policy.rpoMs)} behind`
}

const scheduleOf = (schedule: Schedule): string =>
  schedule.kind === 'interval'
    ? `every ${formatPeriod(schedule.everyMs)}`
    : `${schedule.cron} ${schedule.timeZone}`

function keptOf(retention: Retention): string {
  const counts = (['newest', ...CALENDAR_UNITS] as const)
    .filter((unit) => retention[unit] > 0)
    .map((unit) => `${retention[unit]} ${unit}`)
  return [...counts, ...(retention.minimumKept > 0 ? [`at least ${retention.minimumKept}`] : [])].join(', ')
}
