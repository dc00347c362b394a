import { flushCompileCache } from 'node:module'
import { type Logger, pino } from 'pino'
import { ConfigError } from '../config/read.ts'

/** How long a process may take to stop before it is ended all the same. */
const STOP_TIMEOUT_MS = 45_000

/** Keys under which a secret could reach a log line, at any of the depths that occur. */
const SECRET_KEYS = ['secret', 'password', 'token', 'authorization', 'chap', 'secrets']
const REDACTED = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])

/** A process that has started; disposing of it stops it in order. */
export interface Running extends AsyncDisposable {
  readonly log: Logger
}

/** The root logger of a process: JSON on standard error, secrets taken out. */
export function createLogger(name: string, level: string): Logger {
  const options = { name: `mooring-${name}`, level, redact: { paths: REDACTED, censor: '[secret]' } }
  return pino(options, pino.destination({ fd: 2, sync: true }))
}

/**
 * Runs a process until SIGTERM or SIGINT: starts it, waits, disposes of it; a stop that hangs is ended.
 * Sets the exit code: 0 = stopped in order, 1 = failed, 2 = can not be configured so.
 */
export async function runUntilStopped(start: () => Promise<Running>): Promise<void> {
  const signalled = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => signalled.resolve(signal))
  try {
    const running = await start()
    running.log.info('ready')
    flushCompileCache() // for the next start: this process may be killed
    const signal = await signalled.promise
    running.log.info({ signal }, 'stopping')
    endIfStopHangs(running.log)
    await running[Symbol.asyncDispose]()
    running.log.info('stopped')
  } catch (error) {
    fail(error)
  }
}

function endIfStopHangs(log: Logger): void {
  const end = (why: string): void => {
    log.error({ why }, 'ended before it had stopped in order')
    process.exit(1)
  }
  setTimeout(() => end(`not stopped after ${STOP_TIMEOUT_MS} ms`), STOP_TIMEOUT_MS).unref()
}

/** Says why a process ends and sets its exit code. A configuration fault is told to a person, anything else logged. */
export function fail(error: unknown): void {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
    return
  }
  createLogger('main', 'info').fatal({ err: error }, 'failed')
  process.exitCode = 1
}
