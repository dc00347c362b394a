import { type Kysely, sql } from 'kysely'

/** Who renewed last for each initiator. When is for people: no time is ever counted from it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(LEASES).execute(db)
}

const LEASES = `create table leases (
  initiator_id text not null primary key references initiators (id) on delete cascade,
  instance text not null,
  host text not null,
  renewed_at_ms integer not null
) strict`
