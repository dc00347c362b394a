import { createHash, randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Backup, type BackupFolder, type BackupReason, StorageError } from '../volumegroups/index.ts'
import { syncFile } from './sync-file.ts'

export interface BackupOptions {
  readonly databasePath: string
  /** Made when it is needed. */
  readonly directory: string
  /** How many of each reason are kept. */
  readonly keep: number
  /** How long one may take. Default 10 minutes. */
  readonly limitMs?: number
  readonly now?: () => Date
}

const DEFAULT_LIMIT_MS = 600_000
/** When it was made, for what reason, and what tells it from the others: a hash of its key. */
const NAME = /^element-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-(user|schedule)-([0-9a-f]{16})\.db$/
const PARTIAL = /^element-.*\.db\.partial(-journal)?$/
const COPY_WORKER = new URL('./copy-worker.ts', import.meta.url)

/**
 * Backups of a database as files of a folder, readable by root alone. A file has its name only once the copy is whole,
 * checked and durable. What is there is read from the folder: an operator may move files out, or delete them.
 */
export function createBackupFolder(options: BackupOptions): BackupFolder {
  const { directory, keep, now = () => new Date() } = options
  const list = () => listBackups(directory)
  let running: { readonly tag: string; readonly made: Promise<Backup> } | undefined

  const make = async (reason: BackupReason, tag: string): Promise<Backup> => {
    const made = (await list()).find(({ name }) => name.includes(`-${reason}-${tag}.`))
    if (made !== undefined) return made
    await prepare(directory)
    const name = nameOf(now(), reason, tag)
    await copyTo(name, options)
    await prune(directory, await list(), keep)
    return parse(directory, name) as Promise<Backup>
  }

  return {
    list,
    create: (reason, key) =>
      translated(async () => {
        const tag = key === undefined ? randomBytes(8).toString('hex') : tagOf(key)
        if (running?.tag === tag) return running.made
        if (running !== undefined) throw new StorageError('ENTITY_BUSY', 'another backup is being made')
        const made = make(reason, tag)
        running = { tag, made }
        return made.finally(() => {
          running = undefined
        })
      }),
  }
}

const tagOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 16)

const nameOf = (at: Date, reason: BackupReason, tag: string): string =>
  `element-${at.toISOString().replaceAll(/[-:.]/g, '')}-${reason}-${tag}.db`

async function listBackups(directory: string): Promise<Backup[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const found = await Promise.all(names.toSorted().map((name) => parse(directory, name)))
  return found.filter((backup) => backup !== undefined)
}

/** Undefined for any other file, and for one that has just been deleted. */
async function parse(directory: string, name: string): Promise<Backup | undefined> {
  const [, year, month, day, hour, minute, second, ms, reason] = NAME.exec(name) ?? []
  const entry = reason === undefined ? undefined : await stat(join(directory, name)).catch(() => undefined)
  if (entry === undefined) return undefined
  const createdAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`)
  return { name, reason: reason as BackupReason, createdAt, sizeBytes: BigInt(entry.size) }
}

/** Removes what an interrupted one left. */
async function prepare(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const left = (await readdir(directory)).filter((name) => PARTIAL.test(name))
  for (const name of left) await rm(join(directory, name), { force: true })
}

async function copyTo(name: string, options: BackupOptions): Promise<void> {
  const { databasePath, directory, limitMs = DEFAULT_LIMIT_MS } = options
  const file = join(directory, name)
  const partial = `${file}.partial`
  try {
    await (await open(partial, 'wx', 0o600)).close() // SQLite keeps the mode of a file that is there
    await copyInThread({ from: databasePath, to: partial }, limitMs)
    await syncFile(partial)
    await link(partial, file) // fails rather than replace one that is there
  } finally {
    await rm(partial, { force: true })
  }
  await syncFile(directory)
}

async function copyInThread(
  copy: { readonly from: string; readonly to: string },
  limitMs: number,
): Promise<void> {
  const worker = new Worker(COPY_WORKER, { workerData: copy })
  const done = Promise.withResolvers<void>()
  const timer = setTimeout(() => done.reject(new Error(`no copy within ${limitMs} ms`)), limitMs)
  worker.once('message', () => done.resolve())
  worker.once('error', done.reject)
  worker.once('exit', () => done.reject(new Error('the copying thread ended')))
  try {
    await done.promise
  } finally {
    clearTimeout(timer)
    void worker.terminate()
  }
}

async function prune(directory: string, backups: readonly Backup[], keep: number): Promise<void> {
  for (const reason of ['user', 'schedule'] as const) {
    const ofReason = backups.filter((backup) => backup.reason === reason)
    for (const { name } of ofReason.slice(0, -keep)) await rm(join(directory, name), { force: true })
  }
}

async function translated(work: () => Promise<Backup>): Promise<Backup> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StorageError) throw error
    throw new StorageError('BACKUP_FAILED', 'the database could not be copied', { cause: error })
  }
}
