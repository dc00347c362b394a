import { setTimeout as sleep } from 'node:timers/promises'
import { errors, Pool } from 'undici'
import { MAX_REQUEST_TIMEOUT_S } from '../../element/schemas/index.ts'
import { StorageError } from '../../volumegroups/index.ts'

/** Where an element answers: its unix socket, or HTTPS with a token. */
export type ElementAddress =
  | { readonly socketPath: string }
  | {
      readonly url: string
      readonly token: string
      /** PEM. Left out: the system's own authorities. */
      readonly ca?: string | undefined
    }

export interface TransportOptions {
  /** How long one call may take, retries and all. Default 60 s. */
  readonly timeoutMs?: number | undefined
  /** How many connections are open at once. Default 16; further calls wait for one. */
  readonly connections?: number | undefined
  /** How long one attempt to connect may take, TLS and all. Default 5 s. */
  readonly connectTimeoutMs?: number | undefined
}

export interface Message {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Carries messages to one element. */
export interface Transport {
  /** Sends again after a broken connection. Throws ENDPOINT_UNAVAILABLE or DEADLINE_EXCEEDED. */
  send(message: Message): Promise<Answer>
  close(): Promise<void>
}

export const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_CONNECTIONS = 16
const CONNECT_TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const MAX_HEADER_BYTES = 16 * 1024
/** Waits before each further attempt. */
const RETRY_DELAYS_MS = [50, 200, 500]
/** Shorter than the element's own, so that this side closes an idle connection first. */
const KEEP_ALIVE_MS = 30_000

export function createTransport(address: ElementAddress, options: TransportOptions): Transport {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const pool = createPool(address, options)
  const authorization = 'token' in address ? { authorization: `Bearer ${address.token}` } : {}
  return {
    send: async (message) => {
      const deadline = AbortSignal.timeout(timeoutMs)
      const signal = message.signal === undefined ? deadline : AbortSignal.any([deadline, message.signal])
      const headers = {
        ...message.headers,
        ...authorization,
        'request-timeout': String(Math.min(Math.ceil(timeoutMs / 1000), MAX_REQUEST_TIMEOUT_S)),
        ...(message.body !== undefined && { 'content-type': 'application/json' }),
      }
      try {
        return await sendWithRetries(pool, { ...message, headers, signal })
      } catch (error) {
        if (!signal.aborted) throw unavailable(error)
        const why = deadline.aborted
          ? `the element gave no result within ${timeoutMs} ms`
          : 'the caller stopped waiting'
        throw new StorageError('DEADLINE_EXCEEDED', why, { cause: error })
      }
    },
    close: () => pool.close(),
  }
}

function createPool(address: ElementAddress, options: TransportOptions): Pool {
  const shared = {
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
    maxHeaderSize: MAX_HEADER_BYTES,
    // The call's own deadline ends the waiting.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  const timeout = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  return 'socketPath' in address
    ? new Pool('http://element', { ...shared, connect: { timeout, socketPath: address.socketPath } })
    : new Pool(address.url, { ...shared, connect: { timeout, ...(address.ca && { ca: address.ca }) } })
}

/** Sending again is safe: a change carries its idempotency key, and all else changes nothing. */
async function sendWithRetries(pool: Pool, message: Message): Promise<Answer> {
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      return await sendOnce(pool, message)
    } catch (error) {
      if (message.signal?.aborted || !isBrokenConnection(error)) throw error
    }
    await sleep(delayMs, undefined, { signal: message.signal })
  }
  return sendOnce(pool, message)
}

async function sendOnce(pool: Pool, message: Message): Promise<Answer> {
  const { method, path, headers, body, signal } = message
  const response = await pool.request({ method, path, headers, body: body ?? null, signal: signal ?? null })
  return { status: response.statusCode, body: await response.body.text() }
}

const BROKEN = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

function isBrokenConnection(error: unknown): boolean {
  if (error instanceof errors.SocketError || error instanceof errors.ConnectTimeoutError) return true
  return BROKEN.has(String((error as NodeJS.ErrnoException).code))
}

function unavailable(cause: unknown): StorageError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException
  if (/CERT|SIGNATURE/.test(code)) {
    const fix = 'Name the authority that signed it: --ca-file, or caFile in a configuration.'
    const message = `the certificate of the element endpoint is not trusted (${code})`
    return new StorageError('ENDPOINT_UNAVAILABLE', message, { cause, fix })
  }
  return new StorageError('ENDPOINT_UNAVAILABLE', `the element endpoint does not answer (${code})`, { cause })
}
