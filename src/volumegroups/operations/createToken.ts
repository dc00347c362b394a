import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { TokenId } from '../ids.ts'
import type { TokenSpec } from '../projects.ts'
import type { Project, Token } from '../types.ts'
import type { Parts } from './parts.ts'
import { insideLocks, noProject } from './places.ts'

interface Intent {
  readonly token: Token
  readonly projectId: Project['id']
}

/** What is known of a token before it is made; the secret itself is nowhere but in the first answer. */
export interface NewToken {
  readonly id: TokenId
  readonly sha256: string
}

/** Makes a right to call. The hash is no part of the request or the intent, which the journal keeps. */
export function createToken(
  { now }: Pick<Parts, 'now'>,
  { id, sha256 }: NewToken,
): Definition<Transactor, TokenSpec, Intent, Token> {
  return {
    kind: 'createToken',
    plan: async (tx, spec) => {
      const project = await tx.projectAt(spec.project)
      if (project === undefined) throw noProject(spec.project)
      if (spec.role === 'node') refuseScoped(tx)
      const token = { id, ...spec, createdAt: now() }
      return { intent: { token, projectId: project.id } }
    },
    locks: ({ token }) => insideLocks(token.project),
    subject: ({ token }) => token.id,
    entities: ({ token, projectId }) => [projectId, token.id],
    steps: [],
    commit: async (tx, { token }) => {
      await tx.insertToken({ ...token, sha256 })
      return token
    },
    forward: [],
    supersedes: ['revokeToken'],
  }
}

/**
 * Initiator ids are one name space, so only a token of the root gives them out: refusing one that is taken would
 * tell the others of it.
 */
function refuseScoped({ scope }: Reader): void {
  if (scope === undefined) return
  throw new StorageError('PERMISSION_DENIED', 'only a token of the project / makes tokens for nodes')
}
