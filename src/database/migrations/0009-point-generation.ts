import { type Kysely, sql } from 'kysely'

/** A recovery point counts the changes of its terms, as every entity does. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table recovery_points add column generation integer not null default 1').execute(db)
}
