import { isDeepStrictEqual } from 'node:util'
import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { policyIds } from '../ids.ts'
import type { PolicySpec } from '../policies/port.ts'
import type { Policy, PolicySettings } from '../policies/types.ts'
import { nameLock, type Parts } from './parts.ts'
import { noProject } from './places.ts'

/** Makes a policy, which is set on nothing yet. */
export function createPolicy({ now }: Parts): Definition<Transactor, PolicySpec, Policy, Policy> {
  return {
    kind: 'createPolicy',
    plan: async (tx, spec) => {
      if ((await tx.projectAt(spec.project)) === undefined) throw noProject(spec.project)
      const known = await tx.policyNamed(spec.project, spec.name)
      if (known === undefined) {
        const { name, project } = spec
        const made = { id: policyIds.create(), name, project, generation: 1, createdAt: now() }
        return { intent: { ...made, ...settingsOf(spec) } }
      }
      if (isDeepStrictEqual(settingsOf(known), settingsOf(spec))) {
        return { met: { result: known, subject: known.id } }
      }
      const message = `policy ${known.id} has the name ${known.name} in project ${known.project}, and other settings`
      throw new StorageError('NAME_TAKEN', message, { entity: { kind: 'policy', id: known.id } })
    },
    locks: ({ project, name }) => [nameLock('policy', project, name)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [],
    commit: async (tx, policy) => {
      await tx.insertPolicy(policy)
      return policy
    },
    forward: [],
    supersedes: [],
  }
}

/** What of a policy, or of a request for one, can be changed. */
export function settingsOf(from: PolicySettings): PolicySettings {
  if (from.kind === 'snapshot') {
    const { kind, schedules, retention, lockMs, expireEarly } = from
    return { kind, schedules, retention, lockMs, ...(expireEarly && { expireEarly }) }
  }
  const { kind, remote, rpoMs, remoteRetention } = from
  return { kind, remote, rpoMs, remoteRetention }
}
