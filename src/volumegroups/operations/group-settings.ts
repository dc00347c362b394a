import { isDeepStrictEqual } from 'node:util'
import type { Reader, Transactor } from '../database.ts'
import { Violations } from '../errors.ts'
import { type GroupChanges, POLICY_FIELDS, type PolicyChoice } from '../group-changes.ts'
import type { PolicyId } from '../ids.ts'
import { ancestryOf } from '../policies/effective.ts'
import type { Policy, PolicyKind } from '../policies/types.ts'
import type { ProjectPath, VolumeGroup } from '../types.ts'
import { checkReach, settingOn } from './assignPolicy.ts'

/** What changes of a group come to, with every policy found: plain data, for an operation's intent. */
export interface GroupSettings {
  readonly policies: readonly ChosenPolicy[]
  readonly labels: GroupChanges['labels']
}

interface ChosenPolicy {
  readonly kind: PolicyKind
  readonly isInherited: boolean
  /** Left out: none, unless it is inherited. */
  readonly policyId: PolicyId | undefined
}

/** Finds the policies that the changes name, for a group of the project. Those that there are not are told together. */
export async function settingsFor(
  tx: Reader,
  project: ProjectPath,
  changes: GroupChanges,
): Promise<GroupSettings> {
  const faults = new Violations()
  const policies: ChosenPolicy[] = []
  for (const [field, kind] of POLICY_FIELDS) {
    const choice = changes[field]
    if (choice === undefined) continue
    const policyId = await chosen(tx, project, { kind, choice })
    policies.push({ kind, isInherited: choice.kind === 'inherited', policyId })
    if (policyId !== undefined || choice.kind === 'inherited' || choice.kind === 'none') continue
    const named = choice.kind === 'named' ? JSON.stringify(choice.name) : choice.id
    const message = `${field}: there is no ${kind} policy ${named} in the project ${project} or above it`
    faults.add(field, 'INVALID_ARGUMENT', message)
  }
  faults.throwIfAny()
  return { policies, labels: changes.labels }
}

async function chosen(
  tx: Reader,
  project: ProjectPath,
  { kind, choice }: { readonly kind: PolicyKind; readonly choice: PolicyChoice },
): Promise<PolicyId | undefined> {
  const fits = (policy: Policy | undefined): boolean => policy?.kind === kind
  if (choice.kind === 'policy') {
    const policy = await tx.policy(choice.id)
    return policy && fits(policy) && ancestryOf(project).includes(policy.project) ? policy.id : undefined
  }
  if (choice.kind !== 'named') return undefined
  for (const path of ancestryOf(project)) {
    const policy = await tx.policyNamed(path, choice.name)
    if (policy && fits(policy)) return policy.id
  }
  return undefined
}

/** Whether the group has them all already. */
export async function haveBeenSet(
  tx: Reader,
  group: VolumeGroup,
  { policies, labels }: GroupSettings,
): Promise<boolean> {
  const { settings } = await tx.policySettings([{ kind: 'volumeGroup', id: group.id }])
  const isSame = ({ kind, isInherited, policyId }: ChosenPolicy): boolean => {
    const set = settings.find((setting) => setting.kind === kind)
    return isInherited ? set === undefined : set !== undefined && set.policyId === policyId
  }
  return (
    policies.every(isSame) && (labels === undefined || isDeepStrictEqual({ ...labels }, { ...group.labels }))
  )
}

/** Sets them all, as part of a change. A policy that has gone since it was found is refused. */
export async function setAll(
  tx: Transactor,
  { id, project }: Pick<VolumeGroup, 'id' | 'project'>,
  { policies, labels }: GroupSettings,
  setAt: Date,
): Promise<void> {
  const target = { kind: 'volumeGroup', id } as const
  for (const { kind, isInherited, policyId } of policies) {
    if (policyId !== undefined) await checkReach(tx, { target, kind, policyId }, project)
    if (isInherited) await tx.deletePolicyAssignment(target, kind)
    else await tx.putPolicyAssignment({ target, kind, policyId, setAt })
    await tx.forgetKeys(settingOn(target, kind), ['assignPolicy', 'unassignPolicy'])
  }
  if (labels !== undefined) await tx.setLabels(id, labels)
}
