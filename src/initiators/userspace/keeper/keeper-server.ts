import { chmod, mkdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { asStorageError, StorageError } from '../../../volumegroups/index.ts'
import { failureOf } from '../worker/worker-protocol.ts'
import type { Keeper } from './keeper.ts'
import {
  type KeeperRequest,
  type KeeperResponse,
  type KeeperResults,
  type LeaseAnswer,
  MAX_LINE_BYTES,
  parseRequest,
} from './keeper-protocol.ts'
import type { LeaseRenewer } from './lease-renewer.ts'
import { LineSplitter } from './lines.ts'

const MAX_CONNECTIONS = 64
const MAX_CALLS_PER_CONNECTION = 64

export interface KeeperServer extends AsyncDisposable {
  /** Resolves when a `stop` was carried out. */
  readonly stopped: Promise<void>
}

/** Answers on the keeper's socket, to root only. Throws LIMIT_REACHED when another keeper does already. */
export async function serveKeeper(
  keeper: Keeper,
  path: string,
  renewer: () => LeaseRenewer | undefined = () => undefined,
): Promise<KeeperServer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const { promise: stopped, resolve: onStopped } = Promise.withResolvers<void>()
  const server = createServer((socket) => new Connection(socket, { keeper, renewer, onStopped }))
  server.maxConnections = MAX_CONNECTIONS
  await claim(path)
  await listen(server, path)
  await chmod(path, 0o600)
  return {
    stopped,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Removes the socket of a keeper that is gone. */
async function claim(path: string): Promise<void> {
  if (await answers(path)) throw new StorageError('LIMIT_REACHED', 'another keeper runs on this state folder')
  await rm(path, { force: true })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve())
  })
}

interface ConnectionParts {
  readonly keeper: Keeper
  readonly renewer: () => LeaseRenewer | undefined
  readonly onStopped: () => void
}

class Connection {
  readonly #socket: Socket
  readonly #keeper: Keeper
  readonly #parts: ConnectionParts
  readonly #lines = new LineSplitter(MAX_LINE_BYTES)
  #calls = 0

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#socket = socket
    this.#keeper = parts.keeper
    this.#parts = parts
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  /** Whoever breaks the protocol is hung up on: only a program of another version would. */
  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) void this.#answer(parseRequest(line))
    } catch (error) {
      this.#socket.destroy(error as Error)
    }
  }

  async #answer({ id, request }: { id: number; request: KeeperRequest }): Promise<void> {
    this.#calls += 1
    try {
      if (this.#calls > MAX_CALLS_PER_CONNECTION) {
        throw new StorageError('TOO_MANY_CALLS', 'too many calls to the keeper at once')
      }
      this.#send({ id, result: await this.#carryOut(request) })
      if (request.op === 'stop') this.#socket.end(this.#parts.onStopped)
    } catch (error) {
      this.#send({ id, failure: failureOf(asStorageError(error)) })
    } finally {
      this.#calls -= 1
    }
  }

  async #carryOut(request: KeeperRequest): Promise<KeeperResults[keyof KeeperResults]> {
    switch (request.op) {
      case 'attach':
        return this.#keeper.attach(request.volume)
      case 'detach':
        await this.#keeper.detach(request.diskId)
        return null
      case 'refreshSize':
        return this.#keeper.refreshSize(request.diskId)
      case 'list':
        return this.#keeper.list()
      case 'status':
        return this.#keeper.status()
      case 'lease':
        return leaseOf(this.#parts.renewer(), request.renew)
      case 'abandon':
        await this.#keeper.abandon(request.diskId, request.why)
        return null
      case 'renew':
        await this.#keeper.renew()
        return null
      case 'stop':
        await this.#keeper.stop(request.force)
        return null
    }
  }

  #send(response: KeeperResponse): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(response)}\n`)
  }
}

async function leaseOf(renewer: LeaseRenewer | undefined, renew: boolean): Promise<LeaseAnswer> {
  if (renewer === undefined) return { state: 'none' }
  const isFresh = renew && (await renewer.renew())
  return { ...renewer.state(), isFresh }
}
