import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, readlink, rmdir, symlink, unlink } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '../../../volumegroups/index.ts'
import { type Command, type DaemonOptions, startDaemon } from '../../exec.ts'

/**
 * The kernel's tree of targets, as files: a folder is an object, a link gives one object to another, and what is
 * written to a file is done when the write returns. Paths are relative to its root. Every call is bounded.
 */
export interface ConfigTree {
  /** Names of the folders and links in a folder; none when it is not there. */
  list(path: string): Promise<readonly string[]>
  /** Without the end of the line; undefined when it is not there. */
  read(path: string): Promise<string | undefined>
  write(path: string, value: string): Promise<void>
  /** OK when it is there. */
  makeFolder(path: string): Promise<void>
  /** OK when it is gone. */
  removeFolder(path: string): Promise<void>
  /** OK when it is there and leads there. */
  link(path: string, to: string): Promise<void>
  /** Undefined when there is no such link. */
  linkedTo(path: string): Promise<string | undefined>
  /** OK when it is gone. */
  unlink(path: string): Promise<void>
  /** As `unlink` and `write`, where the kernel waits for commands: false when that takes longer; it goes on then. */
  unlinkWithin(path: string, timeoutMs: number): Promise<boolean>
  writeWithin(path: string, value: string, timeoutMs: number): Promise<boolean>
  /** Waits for what goes on below a folder: false when it takes longer. Until then nothing there can be looked at. */
  settled(folder: string, timeoutMs: number): Promise<boolean>
}

const CALL_TIMEOUT_MS = 10_000

export function createConfigTree(root: string): ConfigTree {
  const at = (path: string): string => join(root, path)
  const linkedTo = (path: string): Promise<string | undefined> =>
    absentAs(undefined, async () => relative(root, resolve(at(path), '..', await readlink(at(path)))))
  const waits = new Waits()
  return {
    list: (path) => bounded(path, () => absentAs([], async () => objectsIn(at(path)))),
    read: (path) =>
      bounded(path, () =>
        absentAs(undefined, async () => (await readFile(at(path), 'utf8')).replace(/\n$/, '')),
      ),
    write: (path, value) => bounded(path, () => writeOnce(at(path), value)),
    makeFolder: (path) => bounded(path, () => unless('EEXIST', () => mkdir(at(path)))),
    removeFolder: (path) => bounded(path, () => unless('ENOENT', () => rmdir(at(path)))),
    link: (path, to) =>
      bounded(path, async () => {
        if ((await linkedTo(path)) !== to) await symlink(at(to), at(path))
      }),
    linkedTo: (path) => bounded(path, () => linkedTo(path)),
    unlink: (path) => bounded(path, () => unless('ENOENT', () => unlink(at(path)))),
    unlinkWithin: (path, timeoutMs) =>
      waits.within(path, timeoutMs, async () => {
        if (!(await exists(at(path)))) return
        await endOf({ file: 'unlink', args: [at(path)] })
      }),
    writeWithin: (path, value, timeoutMs) =>
      waits.within(path, timeoutMs, async () => {
        await using file = await open(at(path), constants.O_WRONLY | constants.O_TRUNC)
        await endOf({ file: 'printf', args: ['%s', value] }, { logFd: file.fd })
      }),
    settled: (folder, timeoutMs) => waits.settled(folder, timeoutMs),
  }
}

/** Attributes are files, and what can be made or taken away are folders and links. */
async function objectsIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true })
  return entries.filter((entry) => !entry.isFile()).map(({ name }) => name)
}

/** One write is one change: it must not be cut. */
async function writeOnce(path: string, value: string): Promise<void> {
  await using file = await open(path, constants.O_WRONLY | constants.O_TRUNC)
  await file.write(value)
}

/** Changes that the kernel may hold up, each in a process of its own: a thread of this one would hang with it. */
class Waits {
  readonly #underWay = new Map<string, Promise<void>>()

  async within(path: string, timeoutMs: number, start: () => Promise<void>): Promise<boolean> {
    const former = this.#underWay.get(path)
    const change = former ?? start().finally(() => this.#underWay.delete(path))
    this.#underWay.set(path, change)
    return inTime(change, timeoutMs)
  }

  async settled(folder: string, timeoutMs: number): Promise<boolean> {
    const below = [...this.#underWay].filter(([path]) => path.startsWith(`${folder}/`))
    return inTime(Promise.allSettled(below.map(([, change]) => change)), timeoutMs)
  }
}

async function inTime(change: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(timeoutMs, false, { signal: timer.signal, ref: false }).catch(() => false)
  try {
    return await Promise.race([change.then(() => true), late])
  } finally {
    timer.abort()
    change.catch(() => {}) // who comes back to it is told
  }
}

async function endOf(command: Command, options: DaemonOptions = {}): Promise<void> {
  const { exited } = await startDaemon(command, options)
  const { code } = await exited
  if (code !== 0) throw new StorageError('TARGET_UNAVAILABLE', `the kernel refuses: ${command.file} failed`)
}

/** The kernel keeps a caller waiting while another changes the tree: not for ever. */
async function bounded<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  const timer = new AbortController()
  const late = sleep(CALL_TIMEOUT_MS, undefined, { signal: timer.signal, ref: false }).then(
    () => {
      throw new StorageError(
        'TARGET_UNAVAILABLE',
        `the kernel's target does not answer at ${path}: another change of its configuration hangs`,
      )
    },
    () => undefined as never,
  )
  try {
    return await Promise.race([task(), late])
  } finally {
    timer.abort()
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

async function unless(code: string, task: () => Promise<void>): Promise<void> {
  try {
    await task()
  } catch (error) {
    if (codeOf(error) !== code) throw error
  }
}

async function absentAs<Value, Absent>(absent: Absent, task: () => Promise<Value>): Promise<Value | Absent> {
  try {
    return await task()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return absent
    throw error
  }
}

const exists = (path: string): Promise<boolean> =>
  absentAs(false, async () => {
    await lstat(path)
    return true
  })
