import { open, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { settlesWithin } from '../lib/waiting.ts'
import { unusable } from './faults.ts'
import type { SqliteFile } from './node-sqlite.ts'
import type { Schema } from './schema.ts'

/** With less room than this a database that could not be written is not taken for well again. */
const MIN_FREE_BYTES = 1024n * 1024n

export interface ProofParts {
  readonly path: string
  readonly file: SqliteFile
  readonly db: Kysely<Schema>
}

/**
 * Proves that the database can be written, by writing it. The disk is asked first, in a way that stops nothing when it
 * does not answer, since SQLite stops the whole process. A database that failed is opened anew and looked through.
 */
export async function createProof({ path, file, db }: ProofParts) {
  const opened = await identityOf(path)
  let asking: Promise<void> | undefined
  let isSuspect = false

  const askDisk = async (answerWithinMs: number): Promise<void> => {
    asking ??= ask(path, opened).finally(() => {
      asking = undefined
    })
    const answer = asking
    if (await settlesWithin(answer, answerWithinMs)) return answer
    throw unusable(`its disk has not answered for ${Math.round(answerWithinMs)} ms`)
  }
  const lookThrough = async (): Promise<void> => {
    const { bfree, bsize } = await statfs(dirname(path), { bigint: true })
    if (bfree * bsize < MIN_FREE_BYTES) throw unusable('its disk is full')
    await db.connection().execute(async (connection) => {
      file.reopen()
      const { rows } = await sql<{ quick_check: string }>`pragma quick_check(1)`.execute(connection)
      if (rows[0]?.quick_check !== 'ok') throw unusable('it is damaged')
    })
  }
  return {
    suspect: (): void => {
      isSuspect = true
    },
    prove: async (answerWithinMs: number): Promise<void> => {
      await askDisk(answerWithinMs)
      if (isSuspect) await lookThrough()
      await db.updateTable('authority').set({ proofs: sql`proofs + 1` }).execute()
      isSuspect = false
    },
  }
}

const identityOf = async (path: string): Promise<string> => {
  const { dev, ino } = await stat(path)
  return `${dev} ${ino}`
}

/** A file that was put in the place of the one that is open would be written by nobody. */
async function ask(path: string, opened: string): Promise<void> {
  if ((await identityOf(path)) !== opened)
    throw unusable('its file was replaced; the element must be restarted')
  await using probe = await open(`${path}.probe`, 'w', 0o600)
  await probe.write('.')
  await probe.datasync()
}
