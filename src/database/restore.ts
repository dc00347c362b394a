import { copyFile, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from '../volumegroups/index.ts'
import { type CopyFacts, checkCopy } from './copy-database.ts'
import { syncFile } from './sync-file.ts'

export interface RestoreOptions {
  readonly databasePath: string
  /** A backup. It is copied, and stays. */
  readonly file: string
  /** The element whose backup may be used though it can not be shown that it is this one. */
  readonly elementId?: string | undefined
  readonly now?: () => Date
}

export interface Restored extends CopyFacts {
  /** Where the former database is now; undefined when there was none. */
  readonly keptAs: string | undefined
}

/**
 * Puts a backup in the place of the database: whole, at once, and only when no element uses it. The former database
 * stays beside it. What the backup does not know of, the next start finds in the store.
 */
export async function restoreDatabase(options: RestoreOptions): Promise<Restored> {
  const { databasePath, file, now = () => new Date() } = options
  const incoming = `${databasePath}.incoming`
  await rm(incoming, { force: true })
  using former = await Former.open(databasePath)
  try {
    const facts = await takeIn(file, incoming)
    refuseForeign(facts, former, options.elementId)
    const keptAs = former.isThere ? `${databasePath}.before-${stampOf(now())}` : undefined
    if (keptAs !== undefined) await keep(databasePath, keptAs)
    await rename(incoming, databasePath)
    await syncFile(dirname(databasePath))
    return { ...facts, keptAs }
  } finally {
    for (const suffix of ['', '-wal', '-shm']) await rm(incoming + suffix, { force: true })
  }
}

const stampOf = (at: Date): string => at.toISOString().replaceAll(/[-:.]/g, '')

/** What is checked is the copy that is used. */
async function takeIn(file: string, incoming: string): Promise<CopyFacts> {
  try {
    await (await open(incoming, 'wx', 0o600)).close()
    await copyFile(file, incoming)
    const facts = checkCopy(incoming)
    await syncFile(incoming)
    return facts
  } catch (cause) {
    throw new StorageError('BACKUP_UNUSABLE', `${file} can not be used: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function refuseForeign({ elementId }: CopyFacts, former: Former, allowed: string | undefined): void {
  if (!former.isThere || former.elementId === elementId || allowed === elementId) return
  const whose =
    former.elementId === undefined
      ? 'the present database can not be read, so nothing shows that it is of this element'
      : `this is ${former.elementId}`
  throw new StorageError('BACKUP_UNUSABLE', `the backup is of the element ${elementId}; ${whose}`, {
    fix: `Use a backup of this element. If it is one, say so: --element-id ${elementId}`,
  })
}

/** The name is never without a file: an element that starts on none would be a new one. */
async function keep(path: string, keptAs: string): Promise<void> {
  // A database that could be read has neither of these any more. They belong to the former file, and would spoil the new one.
  for (const suffix of ['-wal', '-shm']) {
    await rename(path + suffix, keptAs + suffix).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  await link(path, keptAs)
}

/** The database that is there, kept from any element as long as this is open. */
class Former implements Disposable {
  readonly isThere: boolean
  /** Undefined when it can not be read. */
  readonly elementId: string | undefined
  readonly #lock: DatabaseSync | undefined

  private constructor(isThere: boolean, lock?: DatabaseSync, elementId?: string) {
    this.isThere = isThere
    this.#lock = lock
    this.elementId = elementId
  }

  static async open(path: string): Promise<Former> {
    if (!(await isThere(path))) return new Former(false)
    const lock = new DatabaseSync(path)
    try {
      // Whoever has it open holds a lock that leaving WAL does not get past. It also brings all into the one file.
      lock.exec('pragma locking_mode = exclusive; pragma journal_mode = delete; begin exclusive')
      return new Former(true, lock, String(lock.prepare('select id from element').get()?.id))
    } catch (error) {
      lock.close()
      if (isBusy(error))
        throw new StorageError('ELEMENT_RUNNING', 'an element uses the database', { cause: error })
      return new Former(true)
    }
  }

  [Symbol.dispose](): void {
    this.#lock?.close()
  }
}

const SQLITE_BUSY = 5

const isBusy = (error: unknown): boolean =>
  ((error as { readonly errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY

const isThere = (path: string): Promise<boolean> =>
  open(path, 'r').then(
    async (handle) => {
      await handle.close()
      return true
    },
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
