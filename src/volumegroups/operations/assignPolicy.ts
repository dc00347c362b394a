import type { Definition, Lock } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { ancestryOf, placeOf } from '../policies/effective.ts'
import type { PolicyAssignment, PolicyKind, PolicySetting, PolicyTarget } from '../policies/types.ts'
import type { ProjectPath } from '../types.ts'
import { writesManifestsBelow } from './manifests-below.ts'
import { exclusive, notFound, type Parts, shared } from './parts.ts'
import { insideLocks, noProject } from './places.ts'
import { otherKind } from './updatePolicy.ts'

/** Sets a policy, or none, on a project or a group. */
export function assignPolicy(
  parts: Parts,
): Definition<Transactor, PolicySetting, PolicyAssignment, PolicyAssignment> {
  return {
    kind: 'assignPolicy',
    plan: async (tx, { target, kind, policyId }) => {
      const project = await projectOf(tx, target)
      if (policyId !== undefined) await checkReach(tx, { target, kind, policyId }, project)
      const known = await settingOf(tx, target, kind)
      if (known && known.policyId === policyId)
        return { met: { result: known, subject: settingOn(target, kind) } }
      return { intent: { target, kind, policyId, setAt: parts.now() } }
    },
    locks: ({ target, kind, policyId }) => [
      ...settingLocks(target, kind),
      ...(policyId === undefined ? [] : [shared(policyId)]),
    ],
    subject: ({ target, kind }) => settingOn(target, kind),
    entities: ({ target, policyId }) => [placeOf(target), ...(policyId === undefined ? [] : [policyId])],
    steps: [],
    commit: async (tx, assignment) => {
      const { target, kind, policyId } = assignment
      const project = await projectOf(tx, target) // again: it may have moved since
      if (policyId !== undefined) await checkReach(tx, { target, kind, policyId }, project)
      await tx.putPolicyAssignment(assignment)
      await touch(tx, target)
      return assignment
    },
    forward: [writesManifestsBelow(parts, ({ target }) => [target])],
    supersedes: ['assignPolicy', 'unassignPolicy'],
  }
}

/** The name of a setting: what an operation on it is about. */
export const settingOn = (target: PolicyTarget, kind: PolicyKind): string =>
  `${kind} policy of ${placeOf(target)}`

/** Held while a setting changes: what it is on stays. */
export const settingLocks = (target: PolicyTarget, kind: PolicyKind): Lock[] => [
  exclusive(settingOn(target, kind)),
  ...(target.kind === 'volumeGroup' ? [shared(target.id)] : insideLocks(target.path)),
]

/** What is set on a thing is a part of it. */
export const touch = (tx: Transactor, target: PolicyTarget): Promise<void> =>
  target.kind === 'volumeGroup' ? tx.touchGroup(target.id) : tx.touchProject(target.path)

async function settingOf(
  tx: Reader,
  target: PolicyTarget,
  kind: PolicyKind,
): Promise<PolicyAssignment | undefined> {
  const { settings } = await tx.policySettings([target])
  return settings.find((setting) => setting.kind === kind)
}

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
