import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { StorageError } from '../../../volumegroups/index.ts'
import { createSerializer } from '../../serialize.ts'
import { callTgtd, type TgtRequest } from './ipc.ts'
import {
  boundLog,
  endTgtd,
  findTgtd,
  socketPath,
  startTgtd,
  type TgtPlace,
  type TgtProcess,
} from './process.ts'
import { showPortals } from './requests.ts'

/** The way to one life of tgtd. After its end every call fails, so nothing meant for it reaches its successor. */
export interface Link {
  call(request: TgtRequest): Promise<string>
  /** A target number that is not used in this life. */
  nextTid(): number
  /** Numbers up to this one are taken. */
  reserveTids(highest: number): void
}

/** Keeps a tgtd running: adopts the one at this place or starts one, and starts it again when it ends. */
export interface TgtDaemon {
  /** Whether tgtd runs now. */
  readonly isAlive: boolean
  /** The way to the tgtd that runs now; waits while it is started again. */
  link(): Promise<Link>
  /** Ends tgtd. */
  stop(): Promise<void>
  /** Lets tgtd run on without supervision. */
  leave(): void
}

export interface DaemonPlan {
  readonly place: TgtPlace
  readonly log: Logger
  /** A new life of tgtd has begun; it serves nothing yet. */
  readonly restarted: () => void
}

const START_TIMEOUT_MS = 10_000
const START_POLL_MS = 10
const RETRY_MS = 1000
const PERMIT_POLL_MS = 100
const LOG_CHECK_MS = 60_000
const MAX_WAITING_CALLS = 10_000

export async function superviseTgtd(plan: DaemonPlan): Promise<TgtDaemon> {
  const { place, log } = plan
  await mkdir(place.runDir, { recursive: true, mode: 0o700 })
  let leaving = false
  let process = (await adopt(place)) ?? (await launch(place))
  let life = createLife(place)
  let current = Promise.resolve(life.link)
  const logCheck = setInterval(() => void boundLog(place).catch(() => {}), LOG_CHECK_MS).unref()

  const revive = async (): Promise<Link> => {
    for (;;) {
      if (leaving) throw unavailable('the iSCSI target is being stopped')
      if (place.sentinel?.isPermitted === false) {
        await sleep(PERMIT_POLL_MS, undefined, { ref: false })
        continue
      }
      try {
        await endTgtd(process, place) // its sentinel, if that is still there
        process = await launch(place)
        break
      } catch (err) {
        log.error({ err }, 'tgtd could not be started; trying again')
        await sleep(RETRY_MS, undefined, { ref: false })
      }
    }
    life = createLife(place)
    watch()
    plan.restarted()
    return life.link
  }
  const watch = (): void => {
    const { pid, ended } = process
    void ended.then(() => {
      life.end()
      if (leaving) return
      log.error({ pid }, 'tgtd ended; it is started again as soon as it may serve')
      current = revive()
      current.catch(() => {}) // told to whoever asks for the link
    })
  }
  watch()
  const leave = (): void => {
    leaving = true
    clearInterval(logCheck)
    life.end()
  }
  return {
    get isAlive() {
      return life.isAlive()
    },
    link: () => withTimeout(current),
    stop: async () => {
      leave()
      await endTgtd(process, place)
    },
    leave,
  }
}

async function adopt(place: TgtPlace): Promise<TgtProcess | undefined> {
  const found = await findTgtd(place)
  if (found === undefined) return undefined
  if (found.same && (await stateOf(place)) === 'listening') return found.process
  await endTgtd(found.process, place)
  return undefined
}

async function launch(place: TgtPlace): Promise<TgtProcess> {
  const process = await startTgtd(place)
  const ended = process.ended.then(() => 'ended' as const)
  const deadline = Date.now() + START_TIMEOUT_MS
  for (let state = await stateOf(place); state !== 'listening'; state = await stateOf(place)) {
    const next = await Promise.race([ended, sleep(START_POLL_MS)])
    if (next !== 'ended' && state === 'silent' && Date.now() < deadline) continue
    await endTgtd(process, place)
    const { address, port } = place.portal
    throw unavailable(`tgtd can not serve at ${address}:${port}; is another program there? Its log says more`)
  }
  return process
}

/** Its control socket answers only when it has tried its portal; it runs on when the portal is taken. */
async function stateOf(place: TgtPlace): Promise<'silent' | 'deaf' | 'listening'> {
  try {
    const portals = await callTgtd(socketPath(place), showPortals)
    return portals.includes(`:${place.portal.port},`) ? 'listening' : 'deaf'
  } catch {
    return 'silent'
  }
}

function createLife(place: TgtPlace): { link: Link; isAlive: () => boolean; end: () => void } {
  const serialize = createSerializer(MAX_WAITING_CALLS)
  let alive = true
  let lastTid = 0
  const call = (request: TgtRequest): Promise<string> =>
    serialize('tgtd', async () => {
      if (!alive) throw unavailable('the iSCSI target daemon ended')
      return callTgtd(socketPath(place), request)
    })
  return {
    link: {
      call,
      nextTid: () => ++lastTid,
      reserveTids: (highest) => {
        lastTid = Math.max(lastTid, highest)
      },
    },
    isAlive: () => alive,
    end: () => {
      alive = false
    },
  }
}

async function withTimeout(link: Promise<Link>): Promise<Link> {
  const late = sleep(START_TIMEOUT_MS, undefined, { ref: false })
  const first = await Promise.race([link, late])
  if (first === undefined) throw unavailable('the iSCSI target daemon is not running')
  return first
}

const unavailable = (message: string): StorageError => new StorageError('TARGET_UNAVAILABLE', message)
