import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { PolicyId } from '../ids.ts'
import { placeOf } from '../policies/effective.ts'
import { exclusive, listed } from './parts.ts'

interface Intent {
  readonly id: PolicyId
}

/** Deletes a policy that is set on nothing. */
export function deletePolicy(): Definition<Transactor, PolicyId, Intent, void> {
  return {
    kind: 'deletePolicy',
    plan: async (tx, id) => {
      if ((await tx.policy(id)) === undefined) return { met: { result: undefined, subject: id } }
      const set = await tx.policyAssignments({ policyId: id }, { after: undefined, limit: 100 })
      if (set.length > 0)
        throw inUse(
          id,
          set.map(({ target }) => placeOf(target)),
        )
      return { intent: { id } }
    },
    locks: ({ id }) => [exclusive(id)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [],
    commit: (tx, { id }) => tx.deletePolicy(id),
    forward: [],
    supersedes: ['createPolicy', 'updatePolicy'],
  }
}

const inUse = (id: PolicyId, places: readonly string[]): StorageError =>
  new StorageError('POLICY_IN_USE', `policy ${id} is set on ${listed(places)}; unset it there first`, {
    entity: { kind: 'policy', id },
  })
