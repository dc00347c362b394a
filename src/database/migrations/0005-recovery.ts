import { type Kysely, sql } from 'kysely'

/** Groups and disks whose data are missing, and what was decided at starts where database and data differed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table volume_groups add column data_missing_since_ms integer',
  'alter table disks add column data_missing_since_ms integer',
  `create table recoveries (
    id text not null primary key,
    at_ms integer not null,
    is_restored integer not null,
    incarnation_before text not null,
    incarnation_after text not null,
    counts text not null,
    decisions text not null
  ) strict`,
  'create index recoveries_by_time on recoveries (at_ms, id)',
]
