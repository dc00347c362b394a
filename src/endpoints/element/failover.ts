import type { Logger } from 'pino'
import { StorageError } from '../../volumegroups/index.ts'
import type { Answer, Message, Transport } from './transport.ts'
import {
  createTransport,
  DEFAULT_TIMEOUT_MS,
  type ElementAddress,
  type TransportOptions,
} from './transport.ts'
import { type ElementIdentity, Way, type WayTiming } from './way.ts'

export interface FailoverOptions extends TransportOptions {
  /** The element that has to answer. Left out: the first that does is the one for as long as this transport lives. */
  readonly elementId?: string | undefined
  readonly log?: Logger | undefined
  readonly timing?: Partial<FailoverTiming> | undefined
  /** A clock that never steps. */
  readonly elapsedMs?: (() => number) | undefined
}

export interface FailoverTiming extends WayTiming {
  /** How often endpoints that were given up are looked at. */
  readonly lookEveryMs: number
  readonly connectMs: number
}

/** A dead endpoint is left after 2 s, one that takes connections and says nothing after 4 s; see docs/decisions/0026. */
const TIMING: FailoverTiming = {
  doubtMs: 1000,
  lookMs: 3000,
  looksToReturn: 3,
  steadyMs: 60_000,
  lookEveryMs: 1000,
  connectMs: 2000,
}

/**
 * Carries messages to one element over the first of its endpoints that is sound. One that fails is given up at once
 * and used again after it was sound several times in a row. Sending a message again over the next endpoint is as safe
 * as over the same one only because the same element answers there, which knows the idempotency key: so each endpoint
 * has to say that it is that element before it is used.
 */
export function createFailover(
  addresses: readonly ElementAddress[],
  options: FailoverOptions = {},
): Transport {
  const timing = { ...TIMING, ...options.timing }
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const recognise = recogniser(options.elementId)
  const elapsedMs = options.elapsedMs ?? (() => performance.now())
  const ways = addresses.map((address) => {
    const limits = { ...options, connectTimeoutMs: timing.connectMs }
    const transport = createTransport(address, limits)
    const looks = createTransport(address, { ...limits, connections: 1 })
    const name = 'url' in address ? address.url : address.socketPath
    return new Way({ name, transport, looks, recognise, timing, elapsedMs })
  })
  const watch = watchOver(ways, { everyMs: timing.lookEveryMs, log: options.log })
  return {
    send: async (message) => {
      const deadline = AbortSignal.timeout(timeoutMs)
      const signal = message.signal === undefined ? deadline : AbortSignal.any([deadline, message.signal])
      try {
        return await sendOverFirst(ways, { ...message, signal })
      } catch (error) {
        if (!deadline.aborted || message.signal?.aborted) throw error
        const why = `the element gave no result within ${timeoutMs} ms`
        throw new StorageError('DEADLINE_EXCEEDED', why, { cause: error })
      }
    },
    close: async () => {
      clearInterval(watch)
      await Promise.all(ways.map((way) => way.close()))
    },
  }
}

/** Throws ELEMENT_DIFFERS for any element but the one: what is known of disks here is not known there. */
function recogniser(wanted: string | undefined): (identity: ElementIdentity, name: string) => void {
  let known = wanted === undefined ? undefined : { elementId: wanted, from: 'the configuration' }
  return ({ elementId, name: elementName }, name) => {
    known ??= { elementId, from: name }
    if (elementId === known.elementId) return
    const other = `${name} is the element ${elementId} (${elementName})`
    throw new StorageError('ELEMENT_DIFFERS', `${other}, not ${known.elementId}, which ${known.from} names`)
  }
}

async function sendOverFirst(ways: readonly Way[], message: Message): Promise<Answer> {
  const faults: Fault[] = []
  for (const way of byPreference(ways)) {
    try {
      const answer = await way.send(message)
      // With none that is sound, the one that answers is.
      if (ways.every(({ fault }) => fault !== undefined)) way.takeBack()
      return answer
    } catch (error) {
      if (message.signal?.aborted || !isUnreachable(error)) throw error
      way.giveUp(error)
      faults.push({ name: way.name, error })
    }
  }
  throw noneLeft(faults)
}

interface Fault {
  readonly name: string
  readonly error: StorageError
}

/** Those in use first, each as the list has them. */
const byPreference = (ways: readonly Way[]): readonly Way[] => [
  ...ways.filter(({ fault }) => fault === undefined),
  ...ways.filter(({ fault }) => fault !== undefined),
]

const isUnreachable = (error: unknown): error is StorageError =>
  error instanceof StorageError && ['ENDPOINT_UNAVAILABLE', 'ELEMENT_DIFFERS'].includes(error.reason)

function noneLeft(faults: readonly Fault[]): StorageError {
  const differs = faults.every(({ error }) => error.reason === 'ELEMENT_DIFFERS')
  const each = faults.map(({ name, error }) => `${name}: ${error.message}`).join('; ')
  return new StorageError(
    differs ? 'ELEMENT_DIFFERS' : 'ENDPOINT_UNAVAILABLE',
    `no endpoint of the element can be used: ${each}`,
    { cause: faults[0]?.error },
  )
}

interface WatchOptions {
  readonly everyMs: number
  readonly log: Logger | undefined
}

/** Looks at the endpoints that were given up, and tells the log when another one is in use. */
function watchOver(ways: readonly Way[], { everyMs, log }: WatchOptions): NodeJS.Timeout {
  let told = ways[0]
  const tell = (): void => {
    const used = ways.find(({ fault }) => fault === undefined)
    if (used === told) return
    const faults = ways.map(({ name, fault }) => ({ endpoint: name, fault: fault?.message }))
    if (used === undefined) log?.error({ faults }, 'no endpoint of the element answers')
    else if (used === ways[0]) log?.info({ endpoint: used.name }, 'the first endpoint is used again')
    else log?.warn({ endpoint: used.name, faults }, 'another endpoint of the element is used')
    told = used
  }
  const timer = setInterval(() => {
    for (const way of ways) if (way.fault !== undefined) void way.look()
    tell()
  }, everyMs)
  return timer.unref()
}
