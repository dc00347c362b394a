import { type Kysely, sql } from 'kysely'

/**
 * Policies and where they are set: a setting is on a project or on a group, whose id is its `target`, and goes with
 * it. A policy's settings are one JSON text: nothing is ever looked for inside it. Recovery points get terms.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table policies (
    id text not null primary key,
    project_id text not null references projects (id),
    name text not null,
    kind text not null,
    settings text not null,
    generation integer not null,
    created_at_ms integer not null,
    unique (project_id, name)
  ) strict`,
  `create table policy_assignments (
    target text not null,
    kind text not null,
    project_id text references projects (id) on delete cascade,
    group_id text references volume_groups (id) on delete cascade,
    policy_id text references policies (id),
    set_at_ms integer not null,
    primary key (target, kind)
  ) strict`,
  `create table schedule_plans (
    group_id text not null primary key references volume_groups (id) on delete cascade,
    policy_id text not null,
    policy_generation integer not null,
    due_at_ms integer not null,
    point_name text not null,
    try_at_ms integer not null,
    failures integer not null,
    failure_reason text,
    failure_message text,
    last_point_at_ms integer
  ) strict`,
  `alter table recovery_points add column reason text not null default 'user'`,
  'alter table recovery_points add column expires_at_ms integer',
  'alter table recovery_points add column locked_until_ms integer',
  `alter table recovery_points add column labels text not null default '{}'`,
  'create index recovery_points_by_expiry on recovery_points (expires_at_ms)',
  'create index policy_assignments_by_policy on policy_assignments (policy_id)',
  'create index policy_assignments_by_project on policy_assignments (project_id)',
  'create index policy_assignments_by_group on policy_assignments (group_id)',
]
