import { type Kysely, sql } from 'kysely'
import { projectIds, ROOT_PROJECT_ID } from '../../volumegroups/index.ts'
import { ancestryOf } from '../../volumegroups/policies/effective.ts'

/**
 * Projects become entities, and groups and initiators belong to one by its id. A disk's and a recovery point's copy
 * of that id follows its group's, so that a group can move. The tables that change are built anew, since a foreign key
 * can not be added to a table that exists. Tokens and operations belong to a project too.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(PROJECTS).execute(db)
  await insertPathsInUse(db)
  for (const statement of [...COPIES, ...REPLACED, ...ADDED]) await sql.raw(statement).execute(db)
}

const PROJECTS = `create table projects (
  id text not null primary key,
  parent_id text references projects (id),
  name text not null,
  path text not null unique,
  generation integer not null,
  created_at_ms integer not null,
  unique (parent_id, name)
) strict`

/** The root, the projects in which there are groups, and all between. */
async function insertPathsInUse(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ project: string }>`select distinct project from volume_groups`.execute(db)
  const paths = new Set(['/', ...rows.flatMap(({ project }) => ancestryOf(project))])
  const ids = new Map<string, string>()
  for (const path of [...paths].sort()) {
    const id = path === '/' ? ROOT_PROJECT_ID : projectIds.create()
    const parentId = path === '/' ? null : ids.get(ancestryOf(path)[1] as string)
    const name = path.slice(path.lastIndexOf('/') + 1)
    ids.set(path, id)
    await sql`insert into projects (id, parent_id, name, path, generation, created_at_ms)
      values (${id}, ${parentId}, ${name}, ${path}, 1, ${Date.now()})`.execute(db)
  }
}

/** The new tables under passing names, with the rows of the old ones. */
const COPIES = [
  `create table new_volume_groups (
    id text not null primary key,
    project_id text not null references projects (id),
    name text not null,
    implicit integer not null,
    generation integer not null,
    epoch integer not null,
    next_lun integer not null,
    created_at_ms integer not null,
    unique (project_id, name),
    unique (id, project_id)
  ) strict`,
  `insert into new_volume_groups
    select old.id, projects.id, old.name, implicit, old.generation, epoch, next_lun, old.created_at_ms
    from volume_groups as old join projects on projects.path = old.project`,
  `create table new_disks (
    id text not null primary key,
    group_id text not null,
    project_id text not null,
    name text not null,
    size_bytes integer not null,
    lun integer not null,
    attributes text not null,
    source_disk_id text,
    source_recovery_point_id text,
    generation integer not null,
    created_at_ms integer not null,
    unique (project_id, name),
    unique (group_id, lun),
    foreign key (group_id, project_id) references new_volume_groups (id, project_id) on update cascade
  ) strict`,
  `insert into new_disks
    select old.id, group_id, projects.id, old.name, size_bytes, lun, attributes, source_disk_id,
      source_recovery_point_id, old.generation, old.created_at_ms
    from disks as old join projects on projects.path = old.project`,
  `create table new_recovery_points (
    id text not null primary key,
    group_id text not null,
    project_id text not null,
    name text not null,
    grouped integer not null,
    created_at_ms integer not null,
    unique (project_id, name),
    foreign key (group_id, project_id) references new_volume_groups (id, project_id) on update cascade
  ) strict`,
  `insert into new_recovery_points
    select old.id, group_id, projects.id, old.name, grouped, old.created_at_ms
    from recovery_points as old join projects on projects.path = old.project`,
  `create table new_recovery_point_disks (
    recovery_point_id text not null references new_recovery_points (id) on delete cascade,
    disk_id text not null,
    position integer not null,
    size_bytes integer not null,
    primary key (recovery_point_id, disk_id)
  ) strict`,
  'insert into new_recovery_point_disks select * from recovery_point_disks',
  `create table new_initiators (
    id text not null primary key,
    project_id text not null references projects (id),
    name text not null,
    max_attachments integer not null,
    registered_at_ms integer not null,
    chap_user text not null,
    chap_secret text not null,
    mutual_user text not null,
    mutual_secret text not null,
    unique (project_id, name)
  ) strict`,
  `insert into new_initiators
    select id, '${ROOT_PROJECT_ID}', name, max_attachments, registered_at_ms, chap_user, chap_secret,
      mutual_user, mutual_secret
    from initiators`,
  `create table new_attachments (
    disk_id text not null references new_disks (id),
    initiator_id text not null references new_initiators (id),
    read_only integer not null,
    shared integer not null,
    granted_at_ms integer not null,
    primary key (disk_id, initiator_id)
  ) strict`,
  'insert into new_attachments select * from attachments',
]

/** Those that refer to others first. */
const TABLES = [
  ...['attachments', 'initiators', 'recovery_point_disks', 'recovery_points'],
  ...['disks', 'volume_groups'],
]

const REPLACED = [
  ...TABLES.map((table) => `drop table ${table}`),
  ...TABLES.map((table) => `alter table new_${table} rename to ${table}`),
]

const ADDED = [
  'create index recovery_points_by_group on recovery_points (group_id)',
  'create index recovery_point_disks_by_disk on recovery_point_disks (disk_id)',
  'create index attachments_by_initiator on attachments (initiator_id)',
  `create table tokens (
    id text not null primary key,
    sha256 text not null unique,
    project_id text not null references projects (id),
    role text not null,
    initiator_id text,
    label text not null,
    created_at_ms integer not null,
    expires_at_ms integer
  ) strict`,
  'create index tokens_by_project on tokens (project_id)',
  // No foreign key: what was done is remembered when the project is gone.
  'alter table operations add column project_id text',
]
