import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import * as spine from './migrations/0001-spine.ts'

/** In this order; one that was released is never changed. */
const MIGRATIONS = { '0001-spine': spine }

/** Brings the schema to what this version needs; nothing to do the second time. */
export async function migrate<Schema>(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}
