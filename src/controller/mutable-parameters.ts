import type { Call } from '../rpc/call.ts'
import {
  type EffectivePolicies,
  type PolicyId,
  type PolicyKind,
  type ProjectPath,
  Violations,
  type VolumeGroupId,
  type VolumeGroups,
} from '../volumegroups/index.ts'
import { ancestryOf } from '../volumegroups/policies/effective.ts'
import { refuseParameters } from './parameters.ts'

/** What a VolumeAttributesClass can say: policies by name; an empty name takes over what is set above the group. */
const POLICIES = { snapshotPolicy: 'snapshot', protectionPolicy: 'protection' } as const satisfies Record<
  string,
  PolicyKind
>
type PolicyKey = keyof typeof POLICIES
const POLICY_KEYS = Object.keys(POLICIES) as PolicyKey[]

/** Known so that they can be refused with the reason. */
const IO_LIMITS = ['iopsLimit', 'bandwidthLimit']

type Parameters = Readonly<Record<string, string>>

/** One policy to be set on a volume's group; without an id what is set above applies again. */
export interface PolicyChoice {
  readonly kind: PolicyKind
  readonly policyId: PolicyId | undefined
}

/** What is wrong with the parameters in themselves: unknown names, and limits that nothing here can hold. */
export function checkMutableParameters(parameters: Parameters, faults: Violations): void {
  const field = 'mutable_parameters'
  const rest = Object.entries(parameters).filter(([name]) => !POLICY_KEYS.includes(name as PolicyKey))
  for (const [name] of rest.filter(([name]) => IO_LIMITS.includes(name))) {
    const message = `${field}.${name} can not be held: the target, tgt, has no I/O limits`
    faults.add(`${field}.${name}`, 'INVALID_ARGUMENT', message)
  }
  const unknown = Object.fromEntries(rest.filter(([name]) => !IO_LIMITS.includes(name)))
  refuseParameters(unknown, { field, known: POLICY_KEYS }, faults)
}

/** The policies that the parameters name, the nearest of each name. Those that there are not are faults. */
export async function findPolicies(
  { parameters, project }: { readonly parameters: Parameters; readonly project: ProjectPath },
  groups: Pick<VolumeGroups, 'listPolicies'>,
  call: Call,
): Promise<readonly PolicyChoice[]> {
  const faults = new Violations()
  const choices: PolicyChoice[] = []
  for (const key of POLICY_KEYS.filter((key) => parameters[key] !== undefined)) {
    const kind = POLICIES[key]
    const name = parameters[key]!
    const policyId = name === '' ? undefined : await findPolicy({ kind, name, project }, groups, call)
    choices.push({ kind, policyId })
    if (name === '' || policyId !== undefined) continue
    const message = `mutable_parameters.${key}: there is no ${kind} policy ${JSON.stringify(name)} in the project ${project} or above it`
    faults.add(`mutable_parameters.${key}`, 'INVALID_ARGUMENT', message)
  }
  faults.throwIfAny()
  return choices
}

async function findPolicy(
  { kind, name, project }: { kind: PolicyKind; name: string; project: ProjectPath },
  groups: Pick<VolumeGroups, 'listPolicies'>,
  call: Call,
): Promise<PolicyId | undefined> {
  for (const path of ancestryOf(project)) {
    let token: string | undefined
    do {
      const page = await groups.listPolicies({ project: path, kind, token }, call)
      const found = page.items.find((policy) => policy.name === name)
      if (found !== undefined) return found.id
      token = page.nextToken
    } while (token !== undefined)
  }
  return undefined
}

type Setter = Pick<VolumeGroups, 'effectivePolicies' | 'assignPolicy' | 'unassignPolicy'>

/** Sets them all, or leaves the group as it was. Idempotent. */
export async function setPolicies(
  { groupId, choices }: { readonly groupId: VolumeGroupId; readonly choices: readonly PolicyChoice[] },
  groups: Setter,
  call: Call,
): Promise<void> {
  if (choices.length === 0) return
  const before = await groups.effectivePolicies(groupId, call)
  const done: PolicyKind[] = []
  try {
    for (const choice of choices) {
      await setPolicy(groups, groupId, choice)
      done.push(choice.kind)
    }
  } catch (error) {
    for (const kind of done) {
      await restore(groups, groupId, { kind, before }).catch((failure: unknown) => {
        call.log.warn(
          { err: failure, groupId, kind },
          'a policy could not be set back; a retry sets them all',
        )
      })
    }
    throw error
  }
}

async function setPolicy(
  groups: Pick<VolumeGroups, 'assignPolicy' | 'unassignPolicy'>,
  id: VolumeGroupId,
  { kind, policyId }: PolicyChoice,
): Promise<void> {
  const target = { kind: 'volumeGroup', id } as const
  if (policyId === undefined) await groups.unassignPolicy(target, kind)
  else await groups.assignPolicy({ target, kind, policyId })
}

/** What was set on the group itself before: a policy, that there be none, or nothing. */
async function restore(
  groups: Setter,
  id: VolumeGroupId,
  { kind, before }: { readonly kind: PolicyKind; readonly before: EffectivePolicies },
): Promise<void> {
  const { policy, from } = before[kind]
  const target = { kind: 'volumeGroup', id } as const
  if (from?.kind === 'volumeGroup') await groups.assignPolicy({ target, kind, policyId: policy?.id })
  else await groups.unassignPolicy(target, kind)
}
