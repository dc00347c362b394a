import type { Kysely } from 'kysely'
import type { Reader, Transactor } from '../volumegroups/index.ts'
import { idAt, idsWithin } from './projects.ts'
import { toToken } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type TokenReader = Pick<Reader, 'token' | 'tokenOf' | 'tokens'>
type TokenWriter = Pick<Transactor, 'insertToken' | 'deleteToken'>

export function tokenReader(db: Kysely<Schema>): TokenReader {
  const rows = () =>
    db
      .selectFrom('tokens')
      .innerJoin('projects', 'projects.id', 'tokens.project_id')
      .selectAll('tokens')
      .select('projects.path as project')
  return {
    token: async (id) => {
      const row = await rows().where('tokens.id', '=', id).executeTakeFirst()
      return row && toToken(row)
    },
    tokenOf: async (sha256) => {
      const row = await rows().where('sha256', '=', sha256).executeTakeFirst()
      return row && toToken(row)
    },
    tokens: async ({ within }, slice) => {
      let query = rows()
      if (within !== undefined) query = query.where('tokens.project_id', 'in', idsWithin(db, within))
      return (await sliced(query, ['tokens.created_at_ms', 'tokens.id'], slice).execute()).map(toToken)
    },
  }
}

export function tokenWriter(db: Kysely<Schema>): TokenWriter {
  return {
    insertToken: async ({ id, sha256, role, project, initiatorId, label, createdAt, expiresAt }) => {
      await db
        .insertInto('tokens')
        .values({
          ...{ id, sha256, role, label },
          project_id: idAt(db, project),
          initiator_id: initiatorId ?? null,
          created_at_ms: createdAt.getTime(),
          expires_at_ms: expiresAt?.getTime() ?? null,
        })
        .execute()
    },
    deleteToken: async (id) => {
      await db.deleteFrom('tokens').where('id', '=', id).execute()
    },
  }
}
