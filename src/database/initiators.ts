import type { Kysely } from 'kysely'
import type { Reader, Transactor } from '../volumegroups/index.ts'
import { toCredentialed, toInitiator } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type InitiatorReader = Pick<Reader, 'initiator' | 'initiatorNamed' | 'initiators'>
type InitiatorWriter = Pick<Transactor, 'insertInitiator' | 'updateInitiator' | 'deleteInitiator'>

export function initiatorReader(db: Kysely<Schema>): InitiatorReader {
  return {
    initiator: async (id) => {
      const row = await db.selectFrom('initiators').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toCredentialed(row)
    },
    initiatorNamed: async (name) => {
      const row = await db.selectFrom('initiators').selectAll().where('name', '=', name).executeTakeFirst()
      return row && toInitiator(row)
    },
    initiators: async (slice) => {
      const query = db.selectFrom('initiators').selectAll()
      return (await sliced(query, ['registered_at_ms', 'id'], slice).execute()).map(toInitiator)
    },
  }
}

export function initiatorWriter(db: Kysely<Schema>): InitiatorWriter {
  return {
    insertInitiator: async ({ id, name, maxAttachments, registeredAt, chap }) => {
      await db
        .insertInto('initiators')
        .values({
          ...{ id, name },
          max_attachments: maxAttachments,
          registered_at_ms: registeredAt.getTime(),
          chap_user: chap.user,
          chap_secret: chap.secret,
          mutual_user: chap.mutual.user,
          mutual_secret: chap.mutual.secret,
        })
        .execute()
    },
    updateInitiator: async (id, { name, maxAttachments }) => {
      await db
        .updateTable('initiators')
        .set({ name, max_attachments: maxAttachments })
        .where('id', '=', id)
        .execute()
    },
    deleteInitiator: async (id) => {
      await db.deleteFrom('initiators').where('id', '=', id).execute()
    },
  }
}
