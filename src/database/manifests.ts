import type { Kysely } from 'kysely'
import type { Manifest, VolumeGroupId } from '../volumegroups/index.ts'
import { ancestryOf, targetsOf } from '../volumegroups/policies/effective.ts'
import { settingsWithPolicies } from './policies.ts'
import { toRecoveryPoints } from './recovery-points.ts'
import { toDisk, toGroup, toProject } from './rows.ts'
import type { Schema } from './schema.ts'
import { deletedDisksOf, deletedGroupOf } from './tombstones.ts'

/** What the manifest of a group should say; undefined when there is no such group. */
export async function manifestOf(db: Kysely<Schema>, id: string): Promise<Manifest | undefined> {
  const row = await db
    .selectFrom('volume_groups')
    .innerJoin('projects', 'projects.id', 'volume_groups.project_id')
    .selectAll('volume_groups')
    .select('projects.path as project')
    .where('volume_groups.id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return manifestOfDeleted(db, id)
  const { dataMissingSince: _, ...group } = toGroup(row)
  return saying(db, group, {
    ...{ disks: await disksOf(db, group.id), recoveryPoints: await pointsOf(db, group.id) },
    ...(await deletedIn(db, group.id)),
  })
}

/** It holds nothing but what was deleted before it. */
async function manifestOfDeleted(db: Kysely<Schema>, id: string): Promise<Manifest | undefined> {
  const deleted = await deletedGroupOf(db, id)
  if (deleted === undefined) return undefined
  const { group, ...deletion } = deleted
  const held = { disks: [], recoveryPoints: [], ...(await deletedIn(db, group.id)) }
  return saying(db, group, { ...held, deletion })
}

async function saying(
  db: Kysely<Schema>,
  group: Manifest['group'],
  held: Pick<Manifest, 'disks' | 'recoveryPoints' | 'deletedDisks' | 'deletion'>,
): Promise<Manifest> {
  return {
    ...{ version: 2, elementId: await elementIdOf(db), group },
    ...{ projects: await projectsAbove(db, group.project), ...held },
    ...(await policiesOn(db, group)),
  }
}

async function deletedIn(db: Kysely<Schema>, groupId: string): Promise<Pick<Manifest, 'deletedDisks'>> {
  const deletedDisks = await deletedDisksOf(db, groupId)
  return deletedDisks.length > 0 ? { deletedDisks } : {}
}

async function elementIdOf(db: Kysely<Schema>): Promise<string | undefined> {
  return (await db.selectFrom('element').select('id').executeTakeFirst())?.id
}

/** The root first. */
async function projectsAbove(db: Kysely<Schema>, path: string): Promise<Manifest['projects']> {
  const paths = ancestryOf(path)
  const rows = await db.selectFrom('projects').selectAll().where('path', 'in', paths).execute()
  return rows.map(toProject).sort((a, b) => paths.indexOf(b.path) - paths.indexOf(a.path))
}

async function disksOf(db: Kysely<Schema>, id: VolumeGroupId): Promise<Manifest['disks']> {
  const rows = await db.selectFrom('disks').selectAll().where('group_id', '=', id).orderBy('lun').execute()
  return rows.map((row) => {
    const { attachedTo: _, dataMissingSince: __, ...disk } = toDisk(row, [])
    return disk
  })
}

async function pointsOf(db: Kysely<Schema>, id: VolumeGroupId): Promise<Manifest['recoveryPoints']> {
  const rows = db.selectFrom('recovery_points').selectAll().where('group_id', '=', id)
  return toRecoveryPoints(db, await rows.orderBy('created_at_ms').orderBy('id').execute())
}

/** In an order of their own, so that equal ones are written alike. */
async function policiesOn(
  db: Kysely<Schema>,
  group: Manifest['group'],
): Promise<Pick<Manifest, 'policySettings' | 'policies'>> {
  const targets = targetsOf(group)
  const { settings, policies } = await settingsWithPolicies(db, targets)
  const placeIn = ({ target }: Manifest['policySettings'][number]): number =>
    targets.findIndex((one) =>
      one.kind === 'project'
        ? target.kind === 'project' && one.path === target.path
        : target.kind === one.kind,
    )
  return {
    policySettings: settings.toSorted((a, b) => placeIn(a) - placeIn(b) || (a.kind < b.kind ? -1 : 1)),
    policies: policies.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
  }
}

const nameOf = ({ project, name }: Manifest['policies'][number]): string => `${project} ${name}`
