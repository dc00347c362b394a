import { DatabaseSync } from 'node:sqlite'
import { SCHEMA_VERSIONS } from './migrations.ts'

/** What a copy of an element's database says of itself. */
export interface CopyFacts {
  readonly elementId: string
  /** The name of its newest migration. */
  readonly schemaVersion: string
}

/**
 * Writes what is committed in the database at one moment into an empty file, while the database is in use, and
 * checks it. Takes as long as it takes: not for the main thread.
 */
export function copyDatabase(from: string, to: string): CopyFacts {
  {
    using database = new DatabaseSync(from, { readOnly: true })
    database.prepare('vacuum into ?').run(to) // a read transaction: writers go on
  }
  return checkCopy(to)
}

/** Throws on a file that is damaged, no element's database, or of a newer version than this one can use. */
export function checkCopy(path: string): CopyFacts {
  using copy = new DatabaseSync(path, { readOnly: true })
  const first = (sql: string): string | undefined => {
    const row = copy.prepare(sql).get()
    return row === undefined ? undefined : String(Object.values(row)[0])
  }
  const integrity = first('pragma integrity_check(1)')
  if (integrity !== 'ok') throw new Error(`it is damaged: ${integrity}`)
  const dangling = first('pragma foreign_key_check')
  if (dangling !== undefined) throw new Error(`it is damaged: a row of ${dangling} refers to none`)
  const elementId = first('select id from element')
  if (elementId === undefined) throw new Error('it says of no element that it is the database of it')
  return { elementId, schemaVersion: knownVersion(first('select max(name) from kysely_migration')) }
}

function knownVersion(version: string | undefined): string {
  if (version !== undefined && SCHEMA_VERSIONS.includes(version)) return version
  throw new Error(`its schema is ${version}, which this version does not know`)
}
