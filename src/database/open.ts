import { randomUUID } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { Kysely } from 'kysely'
import { type Database, type Reader, StorageError, type Transactor } from '../volumegroups/index.ts'
import { attachmentReader, attachmentWriter } from './attachments.ts'
import { diskReader, diskWriter } from './disks.ts'
import { groupReader, groupWriter } from './groups.ts'
import { initiatorReader, initiatorWriter } from './initiators.ts'
import { leaseReader, leaseWriter } from './leases.ts'
import { migrate } from './migrations.ts'
import { nodeSqliteDialect, openFile } from './node-sqlite.ts'
import { journalWriter, operationReader } from './operations.ts'
import { policyReader, policyWriter } from './policies.ts'
import { projectReader, projectWriter } from './projects.ts'
import { recoveryReader, recoveryWriter } from './recoveries.ts'
import { recoveryPointReader, recoveryPointWriter } from './recovery-points.ts'
import type { Schema } from './schema.ts'
import { tokenReader, tokenWriter } from './tokens.ts'

/**
 * Opens the element's database, makes it if there is none, and brings its schema up to date. A new one is of the
 * element that `elementId` names, or of a new one.
 */
export async function openDatabase(path: string, { elementId }: OpenOptions = {}): Promise<Database> {
  return translated(async () => {
    closeSync(openSync(path, 'a', 0o600)) // SQLite gives its other files the mode of this one; it holds secrets
    const db = new Kysely<Schema>({ dialect: nodeSqliteDialect(openFile(path)) })
    await migrate(db)
    return {
      elementId: await elementIdOf(db, elementId),
      reader: translatedReader(readerOf(db)),
      transact: (change) => translated(() => db.transaction().execute((tx) => change(transactorOf(tx)))),
      rehearse: (change) => translated(() => rehearse(db, change)),
      [Symbol.asyncDispose]: () => db.destroy(),
    }
  })
}

const readerOf = (db: Kysely<Schema>): Reader => ({
  ...projectReader(db),
  ...tokenReader(db),
  ...groupReader(db),
  ...diskReader(db),
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
}

async function elementIdOf(db: Kysely<Schema>, id: string = randomUUID()): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const known = await tx.selectFrom('element').select('id').executeTakeFirst()
    if (known) return known.id
    await tx.insertInto('element').values({ id, incarnation: randomUUID() }).execute()
    return id
  })
}

function translatedReader(reader: Reader): Reader {
  const methods = Object.entries(reader).map(([name, read]) => [
    name,
    (...args: never[]) => translated(() => (read as (...args: never[]) => Promise<unknown>)(...args)),
  ])
  return Object.fromEntries(methods)
}

const SQLITE_CONSTRAINT = 19

/** What the machine is to blame for gets a reason; a broken constraint is a defect and stays what it is. */
async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isMachineFault(error as MachineError)) throw error
    throw new StorageError('DATABASE_UNAVAILABLE', "the element's database can not be used", { cause: error })
  }
}

interface MachineError {
  readonly code?: string
  readonly errcode?: number
  readonly syscall?: string
}

function isMachineFault({ code, errcode = 0, syscall }: MachineError): boolean {
  // The low byte is SQLite's primary result code.
  if (code === 'ERR_SQLITE_ERROR') return (errcode & 0xff) !== SQLITE_CONSTRAINT
  return syscall !== undefined
}
