import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import * as spine from './migrations/0001-spine.ts'
import * as projects from './migrations/0002-projects.ts'
import * as policies from './migrations/0003-policies.ts'
import * as labels from './migrations/0004-labels.ts'
import * as recovery from './migrations/0005-recovery.ts'
import * as leases from './migrations/0006-leases.ts'
import * as tombstones from './migrations/0007-tombstones.ts'
import * as authority from './migrations/0008-authority.ts'
import * as pointGeneration from './migrations/0009-point-generation.ts'

/** In this order; one that was released is never changed. */
const MIGRATIONS = {
  '0001-spine': spine,
  '0002-projects': projects,
  '0003-policies': policies,
  '0004-labels': labels,
  '0005-recovery': recovery,
  '0006-leases': leases,
  '0007-tombstones': tombstones,
  '0008-authority': authority,
  '0009-point-generation': pointGeneration,
}

/** Oldest first. */
export const SCHEMA_VERSIONS: readonly string[] = Object.keys(MIGRATIONS)

/** Brings the schema to what this version needs; nothing to do the second time. */
export async function migrate<Schema>(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}
