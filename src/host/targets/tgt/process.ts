import { open, readdir, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { settlesWithin } from '../../../lib/waiting.ts'
import { StorageError } from '../../../volumegroups/index.ts'
import { type Command, startDaemon } from '../../exec.ts'
import { type Guarded, isSentinel, type Sentinel } from '../../sentinel/sentinel.ts'

/** One tgtd, known by its control socket, which stands in its environment and is nobody else's. */
export interface TgtProcess {
  readonly pid: number
  /** Its sentinel, if it has one. */
  readonly sentinelPid: number | undefined
  /** Resolves when it has ended, every thread of it: what it had under way can not land any more. */
  readonly ended: Promise<void>
}

export interface TgtPlace {
  readonly runDir: string
  readonly portal: { readonly address: string; readonly port: number }
  /** Worker threads for each LUN. */
  readonly threads: number
  /** Ends tgtd when the element's authority does. Left out: it serves on by itself. */
  readonly sentinel?: Sentinel | undefined
}

const SOCKET_VARIABLE = 'TGT_IPC_SOCKET'
const socketBase = ({ runDir }: TgtPlace): string => join(runDir, 'control')
const logFile = ({ runDir }: TgtPlace): string => join(runDir, 'tgtd.log')
/** tgtd appends the number of its control port. */
export const socketPath = (place: TgtPlace): string => `${socketBase(place)}.0`

export function tgtdCommand({ portal, threads }: TgtPlace): Command {
  const host = portal.address.includes(':') ? `[${portal.address}]` : portal.address
  const args = ['-f', '-C', '0', '-t', String(threads), '--iscsi', `portal=${host}:${portal.port}`]
  return { file: 'tgtd', args }
}

const guarded = (place: TgtPlace): Guarded => ({ action: 'run', command: tgtdCommand(place) })

/** Detached, with its own log file: it can outlive the element, as long as its sentinel lets it. */
export async function startTgtd(place: TgtPlace): Promise<TgtProcess> {
  await using log = await open(logFile(place), 'a', 0o600)
  const options = { env: { [SOCKET_VARIABLE]: socketBase(place) }, logFd: log.fd }
  if (place.sentinel !== undefined) {
    const { exited } = await place.sentinel.start(guarded(place), options)
    return childOf(exited, place)
  }
  const { pid, exited } = await startDaemon(tgtdCommand(place), { ...options, detached: true })
  return { pid, sentinelPid: undefined, ended: exited.then(() => {}) }
}

/** The tgtd that a sentinel starts. */
async function childOf(sentinelEnded: Promise<unknown>, place: TgtPlace): Promise<TgtProcess> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (let waiting = true; waiting && Date.now() < deadline; ) {
    const found = await findTgtd(place)
    if (found?.process.sentinelPid !== undefined) return found.process
    waiting = !(await settlesWithin(sentinelEnded, START_POLL_MS))
  }
  const orphan = await findTgtd(place)
  if (orphan) await endTgtd(orphan.process, place)
  throw new StorageError('TARGET_UNAVAILABLE', 'tgtd could not be started; its log says more')
}

const START_TIMEOUT_MS = 10_000
const START_POLL_MS = 20
const MAX_LOG_BYTES = 4 * 1024 * 1024

/** tgtd writes a line for each change and never rotates. */
export async function boundLog(place: TgtPlace): Promise<void> {
  const { size } = await stat(logFile(place))
  if (size > MAX_LOG_BYTES) await truncate(logFile(place))
}

/** The tgtd that runs at this place, and whether it was started just as it would be now. */
export async function findTgtd(place: TgtPlace): Promise<{ process: TgtProcess; same: boolean } | undefined> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    if (!(await isOurs(pid, place))) continue
    const argv = await argvOf(pid)
    const parent = await parentOf(pid)
    const parentArgv = await argvOf(parent)
    const sentinelPid = isSentinel(parentArgv) ? parent : undefined
    const isAsWanted = place.sentinel?.isCommandOf(parentArgv, guarded(place)) ?? sentinelPid === undefined
    const same = isAsWanted && argv.slice(1).join('\0') === tgtdCommand(place).args.join('\0')
    return { process: { pid, sentinelPid, ended: untilEnded(pid) }, same }
  }
  return undefined
}

/** Empty when it has ended. */
const argvOf = async (pid: number): Promise<string[]> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').slice(0, -1)

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1])
}

async function isOurs(pid: number, place: TgtPlace): Promise<boolean> {
  try {
    if ((await readFile(`/proc/${pid}/comm`, 'utf8')) !== 'tgtd\n') return false
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
    return environment.includes(`${SOCKET_VARIABLE}=${socketBase(place)}`)
  } catch {
    return false // it ended meanwhile
  }
}

const END_TIMEOUT_MS = 10_000
const POLL_MS = 100

/**
 * Ends it and waits until it is gone. SIGKILL, since tgtd ignores SIGTERM; what it has answered is in the host's page
 * cache and stays, what it has not answered the initiator sends again.
 */
export async function endTgtd(process: TgtProcess, place: TgtPlace): Promise<void> {
  if (await isOurs(process.pid, place)) globalThis.process.kill(process.pid, 'SIGKILL')
  if (await settlesWithin(process.ended, END_TIMEOUT_MS)) return endSentinel(process)
  throw new StorageError(
    'TARGET_UNAVAILABLE',
    'the iSCSI target daemon does not end: a write is stuck in the store',
  )
}

/** It has nothing to watch any more, and would see that by itself in a moment. */
async function endSentinel({ sentinelPid }: TgtProcess): Promise<void> {
  if (sentinelPid === undefined || !isSentinel(await argvOf(sentinelPid))) return
  globalThis.process.kill(sentinelPid, 'SIGKILL')
  await settlesWithin(untilEnded(sentinelPid), END_TIMEOUT_MS)
}

async function untilEnded(pid: number): Promise<void> {
  while (!(await isEnded(pid))) await sleep(POLL_MS, undefined, { ref: false })
}

/** A zombie whose threads are all gone can do nothing more, though nobody may ever collect it. */
async function isEnded(pid: number): Promise<boolean> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8')
    const state = status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3)
    return state === 'Z' && (await readdir(`/proc/${pid}/task`)).length === 1
  } catch {
    return true
  }
}
