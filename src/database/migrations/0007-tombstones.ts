import { type Kysely, sql } from 'kysely'

/**
 * What was deleted and can be had again. A disk's project is its group's; a deleted group has its own. `entity`: the
 * rest of what it was, as exact JSON.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table tombstones (
    id text not null primary key,
    kind text not null,
    group_id text not null,
    project_id text references projects (id),
    name text not null,
    size_bytes integer,
    lun integer,
    next_lun integer,
    generation integer not null,
    entity text not null,
    deleted_at_ms integer not null,
    restorable_until_ms integer not null,
    reason text not null,
    actor text
  ) strict`,
  'create index tombstones_by_group on tombstones (group_id)',
  'create index tombstones_by_time on tombstones (deleted_at_ms, id)',
]
