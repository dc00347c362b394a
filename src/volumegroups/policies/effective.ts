import type { PolicyId } from '../ids.ts'
import type { VolumeGroup } from '../types.ts'
import type {
  EffectivePolicies,
  Inherited,
  Policy,
  PolicyKind,
  PolicySetting,
  PolicyTarget,
  SettingsWithPolicies,
} from './types.ts'

/** Settings and policies, to be looked up. */
export interface PolicyBook {
  readonly settings: ReadonlyMap<string, PolicySetting>
  readonly policies: ReadonlyMap<PolicyId, Policy>
}

export const policyBook = ({ settings, policies }: SettingsWithPolicies): PolicyBook => ({
  settings: new Map(settings.map((setting) => [keyOf(setting.target, setting.kind), setting])),
  policies: new Map(policies.map((policy) => [policy.id, policy])),
})

const keyOf = (target: PolicyTarget, kind: PolicyKind): string => `${kind} ${placeOf(target)}`

/** A path or an id: enough to tell one target from all others. */
export const placeOf = (target: PolicyTarget): string => (target.kind === 'project' ? target.path : target.id)

/** What applies to a group, and to each of its disks: protection is the group's. */
export function effectivePolicies(
  group: Pick<VolumeGroup, 'id' | 'project'>,
  book: PolicyBook,
): EffectivePolicies {
  const targets = targetsOf(group)
  return {
    snapshot: inherited('snapshot', targets, book),
    protection: inherited('protection', targets, book),
  }
}

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

/** The setting that applies by containment: the nearest one. */
function inherited<Kind extends PolicyKind>(
  kind: Kind,
  targets: readonly PolicyTarget[],
  { settings, policies }: PolicyBook,
): Inherited<Extract<Policy, { kind: Kind }>> {
  const found = targets.map((target) => settings.get(keyOf(target, kind)))
  const index = found.findIndex((setting) => setting !== undefined)
  if (index === -1) return { policy: undefined, from: undefined, path: targets }
  const policyId = found[index]?.policyId
  const policy = policyId && policies.get(policyId)
  return {
    policy: policy as Extract<Policy, { kind: Kind }> | undefined,
    from: targets[index],
    path: targets.slice(0, index + 1),
  }
}
