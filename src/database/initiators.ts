import type { Kysely } from 'kysely'
import type { Credentialed, Reader, Transactor } from '../volumegroups/index.ts'
import { idAt, idsWithin } from './projects.ts'
import { toCredentialed, toInitiator } from './rows.ts'
import type { Schema } from './schema.ts'
import { sliced } from './slices.ts'

type InitiatorReader = Pick<Reader, 'initiator' | 'initiatorNamed' | 'initiators'>
type InitiatorWriter = Pick<
  Transactor,
  'insertInitiator' | 'updateInitiator' | 'renewCredentials' | 'deleteInitiator'
>

/** Initiators with the paths of their projects. */
export const initiatorRows = (db: Kysely<Schema>) =>
  db
    .selectFrom('initiators')
    .innerJoin('projects', 'projects.id', 'initiators.project_id')
    .selectAll('initiators')
    .select('projects.path as project')

export function initiatorReader(db: Kysely<Schema>): InitiatorReader {
  return {
    initiator: async (id) => {
      const row = await initiatorRows(db).where('initiators.id', '=', id).executeTakeFirst()
      return row && toCredentialed(row)
    },
    initiatorNamed: async (name, within) => {
      let query = initiatorRows(db).where('initiators.name', '=', name)
      if (within !== undefined) query = query.where('project_id', 'in', idsWithin(db, within))
      const row = await query.executeTakeFirst()
      return row && toInitiator(row)
    },
    initiators: async ({ within }, slice) => {
      let query = initiatorRows(db)
      if (within !== undefined) query = query.where('project_id', 'in', idsWithin(db, within))
      const order = ['initiators.registered_at_ms', 'initiators.id'] as const
      return (await sliced(query, order, slice).execute()).map(toInitiator)
    },
  }
}

export function initiatorWriter(db: Kysely<Schema>): InitiatorWriter {
  return {
    insertInitiator: async ({ id, name, project, maxAttachments, registeredAt, chap }) => {
      await db
        .insertInto('initiators')
        .values({
          ...{ id, name },
          project_id: idAt(db, project),
          max_attachments: maxAttachments,
          registered_at_ms: registeredAt.getTime(),
          ...credentials(chap),
        })
        .execute()
    },
    updateInitiator: async (id, { name, project, maxAttachments }) => {
      await db
        .updateTable('initiators')
        .set({ name, project_id: idAt(db, project), max_attachments: maxAttachments })
        .where('id', '=', id)
        .execute()
    },
    renewCredentials: async (id, chap) => {
      await db.updateTable('initiators').set(credentials(chap)).where('id', '=', id).execute()
    },
    deleteInitiator: async (id) => {
      await db.deleteFrom('initiators').where('id', '=', id).execute()
    },
  }
}

const credentials = ({ user, secret, mutual }: Credentialed['chap']) => ({
  chap_user: user,
  chap_secret: secret,
  mutual_user: mutual.user,
  mutual_secret: mutual.secret,
})
