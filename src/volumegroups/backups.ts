import type { Reader } from './database.ts'
import { StorageError } from './errors.ts'
import type { CallOptions } from './ports.ts'
import { pageOf } from './rules/pages.ts'
import type { Page, PageQuery } from './types.ts'

/** `schedule`: made by the clock. Retention counts each of the two by itself. */
export type BackupReason = 'user' | 'schedule'

/** A copy of the element's database, consistent and checked. It holds what the database holds: secrets too. */
export interface Backup {
  /** Of its file. */
  readonly name: string
  readonly reason: BackupReason
  readonly createdAt: Date
  readonly sizeBytes: bigint
}

/** The part of the domain port that is about copies of the database. For callers of the root project alone. */
export interface Backups {
  /** When it returns, the copy is checked and durable. ENTITY_BUSY while another one is being made. */
  createBackup(call?: CallOptions): Promise<Backup>
  /** Oldest first. */
  listBackups(query?: PageQuery, call?: CallOptions): Promise<Page<Backup>>
}

/** Where backups are kept. */
export interface BackupFolder {
  /** The same key gives the same backup, as long as it is kept. Then deletes those that are too many. */
  create(reason: BackupReason, key?: string): Promise<Backup>
  /** Oldest first. */
  list(): Promise<readonly Backup[]>
}

export function backupCalls({ scope }: Pick<Reader, 'scope'>, folder: BackupFolder | undefined): Backups {
  const opened = (): BackupFolder => {
    if (scope !== undefined) {
      throw new StorageError('PERMISSION_DENIED', 'backups hold all projects, and the token is of one')
    }
    if (folder === undefined) throw new StorageError('UNSUPPORTED', 'this element keeps no backups')
    return folder
  }
  return {
    createBackup: async (call) => opened().create('user', call?.idempotencyKey),
    listBackups: async (query = {}) => {
      const from = opened()
      return pageOf(query, {
        name: 'backups',
        cursorOf: ({ createdAt, name }) => ({ atMs: createdAt.getTime(), keys: [name] }),
        read: async ({ after, limit }) => {
          const isAfter = ({ createdAt, name }: Backup): boolean =>
            after === undefined ||
            createdAt.getTime() > after.atMs ||
            (createdAt.getTime() === after.atMs && name > String(after.keys[0]))
          return (await from.list()).filter(isAfter).slice(0, limit)
        },
      })
    },
  }
}
