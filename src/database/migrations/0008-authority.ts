import { type Kysely, sql } from 'kysely'

/** One row, which changes whenever the element proves that it can write its database; nothing else does. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table authority (
    id integer not null primary key check (id = 1),
    proofs integer not null
  ) strict`,
  'insert into authority (id, proofs) values (1, 0)',
]
