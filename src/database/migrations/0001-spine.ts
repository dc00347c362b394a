import { type Kysely, sql } from 'kysely'

/**
 * The first schema. `strict` tables know 64-bit `integer`, which serves every number, flag and time. A disk and a
 * recovery point carry the project of their group, so that the database itself keeps names unique within a
 * project; the foreign key keeps the copy true.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table element (
    id text not null primary key,
    incarnation text not null
  ) strict`,
  `create table volume_groups (
    id text not null primary key,
    project text not null,
    name text not null,
    implicit integer not null,
    generation integer not null,
    epoch integer not null,
    next_lun integer not null,
    created_at_ms integer not null,
    unique (project, name),
    unique (id, project)
  ) strict`,
  `create table disks (
    id text not null primary key,
    group_id text not null,
    project text not null,
    name text not null,
    size_bytes integer not null,
    lun integer not null,
    attributes text not null,
    source_disk_id text,
    source_recovery_point_id text,
    generation integer not null,
    created_at_ms integer not null,
    unique (project, name),
    unique (group_id, lun),
    foreign key (group_id, project) references volume_groups (id, project)
  ) strict`,
  `create table recovery_points (
    id text not null primary key,
    group_id text not null,
    project text not null,
    name text not null,
    grouped integer not null,
    created_at_ms integer not null,
    unique (project, name),
    foreign key (group_id, project) references volume_groups (id, project)
  ) strict`,
  `create index recovery_points_by_group on recovery_points (group_id)`,
  `create table recovery_point_disks (
    recovery_point_id text not null references recovery_points (id) on delete cascade,
    disk_id text not null,
    position integer not null,
    size_bytes integer not null,
    primary key (recovery_point_id, disk_id)
  ) strict`,
  `create index recovery_point_disks_by_disk on recovery_point_disks (disk_id)`,
  `create table initiators (
    id text not null primary key,
    name text not null unique,
    max_attachments integer not null,
    registered_at_ms integer not null,
    chap_user text not null,
    chap_secret text not null,
    mutual_user text not null,
    mutual_secret text not null
  ) strict`,
  `create table attachments (
    disk_id text not null references disks (id),
    initiator_id text not null references initiators (id),
    read_only integer not null,
    shared integer not null,
    granted_at_ms integer not null,
    primary key (disk_id, initiator_id)
  ) strict`,
  `create index attachments_by_initiator on attachments (initiator_id)`,
  `create table operations (
    id text not null primary key,
    kind text not null,
    subject text not null,
    entities text not null,
    state text not null,
    committed integer not null,
    step text,
    intent text not null,
    result text,
    failure_reason text,
    failure_message text,
    started_at_ms integer not null,
    ended_at_ms integer
  ) strict`,
  `create index operations_by_state on operations (state, started_at_ms)`,
  `create index operations_by_start on operations (started_at_ms, id)`,
  `create index operations_by_subject on operations (subject)`,
  `create table idempotency_keys (
    kind text not null,
    key text not null,
    request_hash text not null,
    operation_id text not null references operations (id) on delete cascade,
    primary key (kind, key)
  ) strict`,
  `create index idempotency_keys_by_operation on idempotency_keys (operation_id)`,
]
