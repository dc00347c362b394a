import { type Kysely, sql } from 'kysely'

/** Groups get labels, and a disk remembers what its maker asked of its group: one JSON text each. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table volume_groups add column labels text not null default '{}'`,
  'alter table disks add column group_changes text',
]
