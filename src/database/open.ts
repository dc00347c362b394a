import { randomUUID } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { Kysely } from 'kysely'
import { type Database, type Reader, StorageError, type Transactor } from '../volumegroups/index.ts'
import { attachmentReader, attachmentWriter } from './attachments.ts'
import { diskReader, diskWriter } from './disks.ts'
import { translatedError } from './faults.ts'
import { groupReader, groupWriter } from './groups.ts'
import { initiatorReader, initiatorWriter } from './initiators.ts'
import { leaseReader, leaseWriter } from './leases.ts'
import { migrate } from './migrations.ts'
import { nodeSqliteDialect, openFile } from './node-sqlite.ts'
import { journalWriter, operationReader } from './operations.ts'
import { policyReader, policyWriter } from './policies.ts'
import { projectReader, projectWriter } from './projects.ts'
import { createProof } from './proof.ts'
import { recoveryReader, recoveryWriter } from './recoveries.ts'
import { recoveryPointReader, recoveryPointWriter } from './recovery-points.ts'
import type { Schema } from './schema.ts'
import { tokenReader, tokenWriter } from './tokens.ts'
import { tombstoneReader, tombstoneWriter } from './tombstones.ts'

/**
 * Opens the element's database, makes it if there is none, and brings its schema up to date. A new one is of the
 * element that `elementId` names, or of a new one.
 */
export async function openDatabase(path: string, options: OpenOptions = {}): Promise<Database> {
  const { elementId, faulted = () => {} } = options
  return translating(faulted)(async () => {
    closeSync(openSync(path, 'a', 0o600)) // SQLite gives its other files the mode of this one; it holds secrets
    const file = openFile(path)
    const db = new Kysely<Schema>({ dialect: nodeSqliteDialect(file) })
    await migrate(db)
    const { prove, suspect } = await createProof({ path, file, db })
    const translated = translating((error) => {
      suspect()
      faulted(error)
    })
    return {
      elementId: await elementIdOf(db, elementId),
      reader: translatedReader(readerOf(db), translated),
      transact: (change) => translated(() => db.transaction().execute((tx) => change(transactorOf(tx)))),
      rehearse: (change) => translated(() => rehearse(db, change)),
      prove: (answerWithinMs) => translated(() => prove(answerWithinMs)),
      [Symbol.asyncDispose]: () => db.destroy(),
    }
  })
}

const readerOf = (db: Kysely<Schema>): Reader => ({
  ...projectReader(db),
  ...tokenReader(db),
  ...groupReader(db),
  ...diskReader(db),
  ...tombstoneReader(db),
  ...recoveryPointReader(db),
  ...policyReader(db),
  ...initiatorReader(db),
  ...leaseReader(db),
  ...attachmentReader(db),
  ...operationReader(db),
  ...recoveryReader(db),
})

const transactorOf = (db: Kysely<Schema>): Transactor => ({
  ...readerOf(db),
  ...projectWriter(db),
  ...tokenWriter(db),
  ...groupWriter(db),
  ...diskWriter(db),
  ...tombstoneWriter(db),
  ...recoveryPointWriter(db),
  ...policyWriter(db),
  ...initiatorWriter(db),
  ...leaseWriter(db),
  ...attachmentWriter(db),
  ...recoveryWriter(db),
  ...journalWriter(db),
})

/** Carries the result out of a transaction that must not stay. */
class Rehearsed {
  readonly seen: unknown
  constructor(seen: unknown) {
    this.seen = seen
  }
}

async function rehearse<Seen>(db: Kysely<Schema>, change: (tx: Transactor) => Promise<Seen>): Promise<Seen> {
  try {
    return await db.transaction().execute(async (tx) => {
      throw new Rehearsed(await change(transactorOf(tx)))
    })
  } catch (error) {
    if (error instanceof Rehearsed) return error.seen as Seen
    throw error
  }
}

export interface OpenOptions {
  readonly elementId?: string | undefined
  /** Hears of everything that the machine is to blame for. */
  readonly faulted?: (error: StorageError) => void
}

async function elementIdOf(db: Kysely<Schema>, id: string = randomUUID()): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const known = await tx.selectFrom('element').select('id').executeTakeFirst()
    if (known) return known.id
    await tx.insertInto('element').values({ id, incarnation: randomUUID() }).execute()
    return id
  })
}

type Translated = <Result>(work: () => Promise<Result>) => Promise<Result>

function translatedReader(reader: Reader, translated: Translated): Reader {
  const methods = Object.entries(reader).map(([name, read]) => [
    name,
    (...args: never[]) => translated(() => (read as (...args: never[]) => Promise<unknown>)(...args)),
  ])
  return Object.fromEntries(methods)
}

const translating =
  (faulted: (error: StorageError) => void): Translated =>
  async (work) => {
    try {
      return await work()
    } catch (error) {
      const known = translatedError(error)
      if (known instanceof StorageError && known.reason === 'DATABASE_UNAVAILABLE') faulted(known)
      throw known
    }
  }
