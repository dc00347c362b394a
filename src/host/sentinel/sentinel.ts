import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { uptime } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StorageError } from '../../volumegroups/index.ts'
import { type Command, type Daemon, type DaemonOptions, run, startDaemon } from '../exec.ts'

/** What a sentinel does: it runs a command until the time is over, or carries one out when it is. */
export interface Guarded {
  readonly action: 'run' | 'end'
  readonly command: Command
}

/** A small process outside the element's event loop that ends what is served when no renewals come in. */
export interface Sentinel {
  /** What is served may be served until then, in milliseconds since boot. Reaches a sentinel of a former element too. */
  renew(untilMs: number): void
  /** Whether anything may be served now. */
  readonly isPermitted: boolean
  /** Starts a sentinel; the one before it gets no renewals any more. Throws AUTHORITY_LOST. */
  start(guarded: Guarded, options?: Pick<DaemonOptions, 'env' | 'logFd'>): Promise<Daemon>
  /** Whether this is the command line of a sentinel that does just that. */
  isCommandOf(argv: readonly string[], guarded: Guarded): boolean
}

export interface SentinelOptions {
  /** Where its pipe is. */
  readonly runDir: string
  /** No renewal reaches further ahead than this. */
  readonly aheadMs: number
  /** The time since boot. */
  readonly bootMs?: () => number
}

const SCRIPT = fileURLToPath(new URL('./sentinel.sh', import.meta.url))
const MKFIFO_TIMEOUT_MS = 5000

/** Goes on while the machine sleeps, and nobody can set it. The sentinel reads the same clock. */
export const bootTimeMs = (): number => uptime() * 1000

export function createSentinel({ runDir, aheadMs, bootMs = bootTimeMs }: SentinelOptions): Sentinel {
  const pipe = join(runDir, 'renewals')
  let untilMs = Number.NEGATIVE_INFINITY
  const isPermitted = (): boolean => bootMs() < untilMs
  const commandOf = ({ action, command }: Guarded): Command => ({
    file: '/bin/bash',
    args: [SCRIPT, String(toTicks(aheadMs)), action, command.file, ...command.args],
  })
  return {
    renew: (until) => {
      untilMs = until
      sendIfRead(pipe, lineOf(until))
    },
    get isPermitted() {
      return isPermitted()
    },
    start: async (guarded, options) => {
      if (!isPermitted()) throw new StorageError('AUTHORITY_LOST', 'nothing may be served now')
      await rm(pipe, { force: true })
      await run({ file: 'mkfifo', args: ['-m', '600', pipe] }, { timeoutMs: MKFIFO_TIMEOUT_MS })
      await using ends = await open(pipe, constants.O_RDWR) // waits for nobody
      await ends.write(lineOf(untilMs))
      return startDaemon(commandOf(guarded), { ...options, detached: true, fds: [ends.fd] })
    },
    isCommandOf: (argv, guarded) => {
      const { file, args } = commandOf(guarded)
      const same = [file, ...args]
      return argv.length === same.length && argv.every((arg, at) => nameOf(arg, at) === nameOf(same[at], at))
    },
  }
}

/** Whether this is the command line of any sentinel, of whatever version. */
export const isSentinel = (argv: readonly string[]): boolean => basename(argv[1] ?? '') === basename(SCRIPT)

const toTicks = (ms: number): number => Math.floor(ms / 10)
const lineOf = (ms: number): string => `${toTicks(ms)} ${toTicks(ms)}\n`

/** Another version's script may lie in another folder. */
const nameOf = (arg: string | undefined, at: number): string | undefined =>
  arg !== undefined && at === 1 ? basename(arg) : arg

/** Without a sentinel nobody reads; one that does not read any more has other means to notice. */
function sendIfRead(pipe: string, line: string): void {
  try {
    const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    try {
      writeSync(fd, line)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!UNREAD.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** No pipe, nobody who reads it, or one who has stopped reading. */
const UNREAD = ['ENOENT', 'ENXIO', 'EPIPE', 'EAGAIN']
