import type { VolumeGroup } from '../types.ts'
import type { Inherited, Policy, PolicyAssignment, PolicyKind, PolicyTarget } from './types.ts'

/** Where a group's policies can be set, nearest first: the group, its project, and the projects above it. */
export function targetsOf(group: Pick<VolumeGroup, 'id' | 'project'>): readonly PolicyTarget[] {
  const above = ancestryOf(group.project).map((path) => ({ kind: 'project', path }) as const)
  return [{ kind: 'volumeGroup', id: group.id }, ...above]
}

/** The path itself and all above it, up to the root. */
export function ancestryOf(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  return [...names.keys(), names.length].reverse().map((count) => `/${names.slice(0, count).join('/')}`)
}

/**
 * The setting that applies by containment: the nearest one. `assignments` hold at least those on `targets`, and
 * `policies` what they name. A group's disks have what the group has: protection is the group's.
 */
export function inherited<Kind extends PolicyKind>(
  kind: Kind,
  targets: readonly PolicyTarget[],
  known: { readonly assignments: readonly PolicyAssignment[]; readonly policies: readonly Policy[] },
): Inherited<Extract<Policy, { kind: Kind }>> {
  const settings = targets.map((target) =>
    known.assignments.find((one) => one.kind === kind && isSameTarget(one.target, target)),
  )
  const index = settings.findIndex((setting) => setting !== undefined)
  if (index === -1) return { policy: undefined, from: undefined, path: targets }
  const policyId = settings[index]?.policyId
  const isSet = (policy: Policy): policy is Extract<Policy, { kind: Kind }> =>
    policy.id === policyId && policy.kind === kind
  return { policy: known.policies.find(isSet), from: targets[index], path: targets.slice(0, index + 1) }
}

const isSameTarget = (a: PolicyTarget, b: PolicyTarget): boolean =>
  a.kind === 'project' ? b.kind === 'project' && a.path === b.path : b.kind === a.kind && a.id === b.id
