import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { StorageError } from '../volumegroups/index.ts'

/** A command as data: what would be run. Secrets belong in `input`, never in `args`. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Written to standard input. */
  readonly input?: string | undefined
}

export interface RunOptions {
  /** The command is killed after this. Default 30 s. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Exit codes that are an answer, not a failure. Default: only 0. */
  readonly okCodes?: readonly number[] | undefined
  /** More output than this kills the command. Default 16 MiB. */
  readonly maxOutputBytes?: number | undefined
  /** File descriptors that the command inherits as 3, 4, … */
  readonly fds?: readonly number[] | undefined
  /** Variables beside the fixed PATH and locale. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What went wrong with a command: for the log. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly argv: readonly string[]
  readonly result: CommandResult | undefined

  constructor(command: Command, why: string, result?: CommandResult, cause?: unknown) {
    super(`${command.file} ${why}${result ? `: ${result.stderr.trim().slice(0, 2000)}` : ''}`, { cause })
    this.argv = [command.file, ...command.args]
    this.result = result
  }
}

const DEFAULT_TIMEOUT_MS = 30_000
/** A process that waits for a device inside the kernel does not die of a signal: it is left to its fate after this. */
const KILL_GRACE_MS = 2000
const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024
/** Programs answer in English and in plain numbers, whatever the host's locale is. */
const environment = (): NodeJS.ProcessEnv => ({
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  LANG: 'C',
})

/** Runs a command to its end, without a shell. Throws COMMAND_FAILED, with the CommandError as its cause. */
export async function run(command: Command, options: RunOptions = {}): Promise<CommandResult> {
  const okCodes = options.okCodes ?? [0]
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const timeout = AbortSignal.timeout(timeoutMs)
  const signals = options.signal === undefined ? [timeout] : [timeout, options.signal]
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...(options.fds ?? [])]
  const ended = AbortSignal.any(signals)
  const child = spawn(command.file, [...command.args], {
    stdio,
    env: { ...environment(), ...options.env },
    signal: ended,
    killSignal: 'SIGKILL',
  })
  try {
    const output = collect(child, command, options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES)
    const result = await unlessStuck(output, child, ended)
    if (okCodes.includes(result.exitCode)) return result
    throw new CommandError(command, `ended with exit code ${result.exitCode}`, result)
  } catch (error) {
    if (timeout.aborted) {
      const cause = new CommandError(command, `was killed after ${timeoutMs} ms`, undefined, error)
      throw new StorageError('STEP_TIMED_OUT', `${command.file} took longer than ${timeoutMs} ms`, { cause })
    }
    if (options.signal?.aborted) {
      throw new StorageError('DEADLINE_EXCEEDED', `${command.file} was stopped: the caller went away`, {
        cause: error,
      })
    }
    throw new StorageError('COMMAND_FAILED', `${command.file} failed on this host`, { cause: error })
  }
}

/** Rejects when the process outlives its being killed. */
async function unlessStuck<Result>(
  output: Promise<Result>,
  child: ChildProcess,
  ended: AbortSignal,
): Promise<Result> {
  const stuck = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const abandon = (): void => {
    child.unref()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
    stuck.reject(new Error('the process can not be killed: it waits inside the kernel'))
  }
  const onEnd = (): void => {
    timer = setTimeout(abandon, KILL_GRACE_MS)
  }
  ended.addEventListener('abort', onEnd, { once: true })
  try {
    return await Promise.race([output, stuck.promise])
  } finally {
    clearTimeout(timer)
    ended.removeEventListener('abort', onEnd)
  }
}

async function collect(child: ChildProcess, command: Command, maxBytes: number): Promise<CommandResult> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  let total = 0
  let overflow = false
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      total += chunk.length
      if (total > maxBytes) {
        overflow = true
        child.kill('SIGKILL')
      } else chunks[name].push(chunk)
    })
  }
  child.stdin?.on('error', () => {}) // a program may end without reading its input
  child.stdin?.end(command.input ?? '')
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(chunks[name]).toString('utf8')
  const result = { exitCode: code ?? -1, stdout: text('stdout'), stderr: text('stderr') }
  if (overflow) throw new CommandError(command, `printed more than ${maxBytes} bytes`, result)
  if (code === null) throw new CommandError(command, `was ended by ${signal}`, result)
  return result
}

export interface DaemonOptions {
  /** Descriptors that the program inherits as 3, 4, … */
  readonly fds?: readonly number[] | undefined
  /** A channel for structured messages on `process.send`/`process.on('message')`. */
  readonly ipc?: boolean | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Lives on when this process ends. */
  readonly detached?: boolean | undefined
  /** Where its output goes. Default: this process's standard error. */
  readonly logFd?: number | undefined
}

/** A program that runs until it is stopped. */
export interface Daemon {
  readonly pid: number
  readonly child: ChildProcess
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends the signal, then SIGKILL after `graceMs`; resolves when the program has ended. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>
}

/** Starts a long-lived program. Throws COMMAND_FAILED when it can not be started at all. */
export async function startDaemon(command: Command, options: DaemonOptions = {}): Promise<Daemon> {
  const log = options.logFd ?? 2
  const stdio: StdioOptions = [
    'ignore',
    log,
    log,
    ...(options.fds ?? []),
    ...(options.ipc ? ['ipc' as const] : []),
  ]
  const child = spawn(command.file, [...command.args], {
    stdio,
    env: { ...environment(), ...options.env },
    detached: options.detached ?? false,
  })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  try {
    await once(child, 'spawn')
  } catch (error) {
    const cause = new CommandError(command, 'could not be started', undefined, error)
    throw new StorageError('COMMAND_FAILED', `${command.file} could not be started`, { cause })
  }
  if (options.detached) child.unref()
  return {
    pid: child.pid as number,
    child,
    exited,
    stop: (signal, graceMs) => stop(child, exited, signal, graceMs),
  }
}

async function stop(
  child: ChildProcess,
  exited: Promise<unknown>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref() // a detached one does not keep this process waiting by itself
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}
