import type { BigIntStats } from 'node:fs'
import {
  access,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  unlink,
} from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { StorageError } from '../../../volumegroups/index.ts'
import { CommandError, run } from '../../exec.ts'
import { deleteSubvolume } from './commands.ts'
import { isOwnFile, staged } from './layout.ts'

/** Every function here looks at what is really there before it touches it; what is not as expected stays. */

/** The root directory of every btrfs subvolume has this inode number. */
const SUBVOLUME_INODE = 256n

/** The file's status; undefined when nothing is there. Throws IDENTITY_MISMATCH when it is not a plain file. */
export async function fileAt(path: string): Promise<BigIntStats | undefined> {
  const stats = await statusOf(path)
  if (stats === undefined || (stats.isFile() && stats.nlink === 1n)) return stats
  throw unexpected(path, 'a plain file')
}

/** Whether a subvolume is there. Throws IDENTITY_MISMATCH when something else is. */
export async function isSubvolume(path: string): Promise<boolean> {
  const stats = await statusOf(path)
  if (stats === undefined) return false
  const parent = await statusOf(dirname(path))
  if (stats.isDirectory() && stats.ino === SUBVOLUME_INODE && stats.dev !== parent?.dev) return true
  throw unexpected(path, 'a subvolume')
}

/** Whether a plain directory is there. Throws IDENTITY_MISMATCH when something else is. */
export async function isDirectory(path: string): Promise<boolean> {
  const stats = await statusOf(path)
  if (stats === undefined) return false
  const parent = await statusOf(dirname(path))
  if (stats.isDirectory() && stats.dev === parent?.dev) return true
  throw unexpected(path, 'a directory')
}

/** Whether the subvolume can not be written, whoever asks. */
export async function isReadOnly(subvolume: string): Promise<boolean> {
  try {
    await access(subvolume, constants.W_OK)
    return false
  } catch (error) {
    if (codeOf(error) === 'EROFS') return true
    throw error
  }
}

/** Makes the directory durably, unless it is there. */
export async function ensureDirectory(path: string): Promise<void> {
  if (await isDirectory(path)) return
  await mkdir(path, { mode: 0o700, recursive: true }) // others may make it at the same time
  await syncDirectory(dirname(path))
}

export async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}

/** Gives the file another content, durably: it has the former one or this one, whatever happens. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await removeFile(staged(path))
  {
    await using handle = await open(staged(path), 'wx', 0o600)
    await handle.writeFile(text)
    await handle.sync()
  }
  await rename(staged(path), path)
  await syncDirectory(dirname(path))
}

/** More than any file of text that is written here; what is larger is none of them. */
const MAX_TEXT_BYTES = 256n * 1024n ** 2n

/** The file's text, cut where it is too long to be one of ours; undefined when there is no file. */
export async function readText(path: string): Promise<string | undefined> {
  const stats = await fileAt(path)
  if (stats === undefined) return undefined
  return stats.size > MAX_TEXT_BYTES ? '' : readFile(path, 'utf8')
}

/** Removes a plain file, or nothing. Durable only after the directory is synced. */
export async function removeFile(path: string): Promise<void> {
  if (await fileAt(path)) await unlink(path)
}

/** Removes a subvolume that holds nothing but files of this store. OK when it is gone. */
export async function removeSubvolume(path: string): Promise<void> {
  if (!(await isSubvolume(path))) return
  await refuseForeignFiles(path)
  await run(deleteSubvolume(path))
  await syncDirectory(dirname(path))
}

/** Throws IDENTITY_MISMATCH when the subvolume holds anything that this store did not make. */
export async function refuseForeignFiles(path: string): Promise<void> {
  const foreign = (await readdir(path)).filter((name) => !isOwnFile(name))
  if (foreign.length > 0) throw unexpected(path, `free of foreign files (${foreign[0]})`)
}

/** Removes an empty directory, or an empty writable subvolume. OK when it is gone. */
export async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

/** Runs a store's task; what the file system throws becomes NO_SPACE or STORE_FAILED. */
export async function guarded<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    if (isFull(error)) throw new StorageError('NO_SPACE', 'the pool is full', { cause: error })
    if (codeOf(error) === undefined) throw error
    throw new StorageError('STORE_FAILED', 'the store could not work on its files', { cause: error })
  }
}

/** Whether there was no space for it. */
export function isFull(error: unknown): boolean {
  const command = error instanceof StorageError ? error.cause : undefined
  if (command instanceof CommandError) return /no space left/i.test(command.result?.stderr ?? '')
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'
}

async function statusOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The code of a system error; undefined for every other error. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'errno' in error && 'code' in error ? String(error.code) : undefined
}

const unexpected = (path: string, expected: string): StorageError =>
  new StorageError(
    'IDENTITY_MISMATCH',
    `${basename(path)} in the store is not ${expected}; it was not touched`,
    {
      cause: new Error(path),
    },
  )
