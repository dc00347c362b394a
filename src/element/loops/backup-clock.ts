import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { BackupFolder } from '../../volumegroups/index.ts'

export interface BackupClockOptions {
  readonly backups: BackupFolder
  /** How long after one backup the next is due. */
  readonly everyMs: number
  readonly log: Logger
  readonly now?: () => Date
  /** How often it looks. Default 30 s. */
  readonly lookMs?: number
}

/** Disposing of it stops it. */
export interface BackupClock extends AsyncDisposable {
  /** Looks once, as it does by itself. */
  tick(): Promise<void>
}

/**
 * Makes a backup of the database whenever the newest one that it made is too old. What is due follows from the files
 * alone: a restart delays nothing and repeats nothing. One that failed is tried again at the next look.
 */
export function createBackupClock(options: BackupClockOptions): BackupClock {
  const { backups, everyMs, log, now = () => new Date(), lookMs = 30_000 } = options
  const stop = new AbortController()
  const tick = async (): Promise<void> => {
    const newest = (await backups.list()).findLast(({ reason }) => reason === 'schedule')
    // A clock that was set back must not keep the next one waiting.
    const ageMs = newest === undefined ? Infinity : Math.abs(now().getTime() - newest.createdAt.getTime())
    if (ageMs < everyMs) return
    const { name, sizeBytes } = await backups.create('schedule')
    log.info({ name, sizeBytes: String(sizeBytes) }, 'database backed up')
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await tick().catch((err) => log.error({ err }, 'the database could not be backed up'))
      await sleep(lookMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = lookMs === Infinity ? undefined : run()
  return {
    tick,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await running
    },
  }
}
