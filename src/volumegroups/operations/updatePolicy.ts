import { isDeepStrictEqual } from 'node:util'
import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { PolicyId } from '../ids.ts'
import type { Policy, PolicySettings, PolicyTarget } from '../policies/types.ts'
import { settingsOf } from './createPolicy.ts'
import { writesManifestsBelow } from './manifests-below.ts'
import { exclusive, notFound, type Parts } from './parts.ts'

interface Request {
  readonly id: PolicyId
  readonly settings: PolicySettings
}

/** Changes a policy wherever it is set, in one transaction. */
export function updatePolicy(parts: Parts): Definition<Transactor, Request, Request, Policy> {
  return {
    kind: 'updatePolicy',
    plan: async (tx, { id, settings }) => {
      const known = await tx.policy(id)
      if (known === undefined) throw notFound({ kind: 'policy', id })
      if (known.kind !== settings.kind) throw otherKind(known)
      if (isDeepStrictEqual(settingsOf(known), settingsOf(settings))) {
        return { met: { result: known, subject: id } }
      }
      return { intent: { id, settings: settingsOf(settings) } }
    },
    locks: ({ id }) => [exclusive(id)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [],
    commit: async (tx, { id, settings }) => {
      await tx.updatePolicy(id, settings)
      return (await tx.policy(id)) as Policy
    },
    forward: [writesManifestsBelow(parts, ({ id }) => placesOf(parts.database.reader, id))],
    supersedes: ['createPolicy', 'updatePolicy'],
  }
}

async function placesOf(reader: Reader, policyId: PolicyId): Promise<readonly PolicyTarget[]> {
  const all = { after: undefined, limit: Number.MAX_SAFE_INTEGER }
  return (await reader.policyAssignments({ policyId }, all)).map(({ target }) => target)
}

export const otherKind = ({ id, kind }: Policy): StorageError =>
  new StorageError('POLICY_KIND_DIFFERS', `policy ${id} is a ${kind} policy`, {
    entity: { kind: 'policy', id },
  })
