import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { ancestryOf, placeOf } from '../policies/effective.ts'
import type { PolicyAssignment, PolicyKind, PolicySetting, PolicyTarget } from '../policies/types.ts'
import type { ProjectPath } from '../types.ts'
import { exclusive, notFound, type Parts } from './parts.ts'
import { noProject } from './places.ts'
import { otherKind } from './updatePolicy.ts'

/** Sets a policy, or none, on a project or a group. */
export function assignPolicy({
  now,
}: Parts): Definition<Transactor, PolicySetting, PolicyAssignment, PolicyAssignment> {
  return {
    kind: 'assignPolicy',
    plan: async (tx, { target, kind, policyId }) => {
      const project = await projectOf(tx, target)
      if (policyId !== undefined) await checkReach(tx, { target, kind, policyId }, project)
      return { intent: { target, kind, policyId, setAt: now() } }
    },
    locks: ({ target, kind }) => [exclusive(settingOn(target, kind))],
    subject: ({ target, kind }) => settingOn(target, kind),
    entities: ({ target, policyId }) => [placeOf(target), ...(policyId === undefined ? [] : [policyId])],
    steps: [],
    commit: async (tx, assignment) => {
      await tx.putPolicyAssignment(assignment)
      return assignment
    },
    forward: [],
    supersedes: ['assignPolicy', 'unassignPolicy'],
  }
}

/** The name of a setting: what an operation on it is about. */
export const settingOn = (target: PolicyTarget, kind: PolicyKind): string =>
  `${kind} policy of ${placeOf(target)}`

async function projectOf(tx: Reader, target: PolicyTarget): Promise<ProjectPath> {
  if (target.kind === 'project') {
    if (await tx.projectAt(target.path)) return target.path
    throw noProject(target.path)
  }
  const group = await tx.group(target.id)
  if (group === undefined) throw notFound({ kind: 'volumeGroup', id: target.id })
  return group.project
}

/** A policy can be set on its own project and on what is in it; outside it is as though it did not exist. */
export async function checkReach(
  tx: Reader,
  { kind, policyId }: PolicySetting,
  project: ProjectPath,
): Promise<void> {
  const policy = policyId && (await tx.policy(policyId))
  if (!policy || !ancestryOf(project).includes(policy.project)) {
    const message = `there is no policy ${policyId} in project ${project} or above it`
    throw new StorageError('POLICY_NOT_FOUND', message, { entity: { kind: 'policy', id: `${policyId}` } })
  }
  if (policy.kind !== kind) throw otherKind(policy)
}
