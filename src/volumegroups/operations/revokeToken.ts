import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { type ProjectId, ROOT_PROJECT_ID, type TokenId } from '../ids.ts'
import { exclusive } from './parts.ts'

interface Intent {
  readonly id: TokenId
  readonly projectId: ProjectId
}

/** Ends a right to call, from the next call on. */
export function revokeToken(): Definition<Transactor, TokenId, Intent, void> {
  return {
    kind: 'revokeToken',
    plan: async (tx, id) => {
      const token = await tx.token(id)
      if (token === undefined) return { met: { result: undefined, subject: id } }
      const project = await tx.projectAt(token.project)
      return { intent: { id, projectId: project?.id ?? ROOT_PROJECT_ID } }
    },
    locks: ({ id }) => [exclusive(id)],
    subject: ({ id }) => id,
    entities: ({ id, projectId }) => [projectId, id],
    steps: [],
    commit: (tx, { id }) => tx.deleteToken(id),
    forward: [],
    supersedes: ['createToken'],
  }
}
