import { StorageError } from '../volumegroups/index.ts'

interface MachineError {
  readonly code?: string
  readonly errcode?: number
  readonly syscall?: string
}

const SQLITE_CONSTRAINT = 19

/** SQLite's primary result codes, and the system's error codes, in words. */
const WORDS: Readonly<Record<string, string>> = {
  5: 'another program has locked it',
  8: 'it can only be read',
  10: 'its disk has errors',
  11: 'it is damaged',
  13: 'its disk is full',
  14: 'its file can not be opened',
  26: 'it is damaged',
  EIO: 'its disk has errors',
  ENOENT: 'its file is gone',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk is full',
  EROFS: 'its file system can only be read',
}

export const unusable = (why: string, cause?: unknown): StorageError =>
  new StorageError('DATABASE_UNAVAILABLE', `the element's database can not be used: ${why}`, { cause })

/** What the machine is to blame for gets a reason; a broken constraint is a defect and stays what it is. */
export function translatedError(error: unknown): unknown {
  const { code, errcode = 0, syscall } = error as MachineError
  const primary = errcode & 0xff // the rest says more than anybody needs
  const isSqlite = code === 'ERR_SQLITE_ERROR'
  if (isSqlite ? primary === SQLITE_CONSTRAINT : syscall === undefined) return error
  return unusable(WORDS[isSqlite ? primary : (code ?? '')] ?? 'see the log of the element', error)
}
