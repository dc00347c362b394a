import type { Socket } from 'node:net'
import { connectSocket, lineReader } from './line-socket.ts'

export interface GuestResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Answer {
  readonly id: number
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

interface Pending {
  readonly line: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

export interface AgentRequest {
  readonly argv: readonly string[]
  readonly input?: string | Buffer | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** The guest itself ends a command that is late; it is given this long to say so. */
const GRACE_MS = 20_000

/** Speaks with the agent in a guest. The way to it may change (a migration): nothing is lost or done twice by that. */
export class Agent {
  readonly #pending = new Map<number, Pending>()
  readonly #take = lineReader((line) => this.#answer(JSON.parse(line) as Answer))
  #socket: Socket | undefined
  #nextId = 1

  /** From now on the agent is at this socket. */
  async connect(path: string): Promise<void> {
    const socket = await connectSocket(path)
    this.#socket?.destroy()
    this.#socket = socket
    socket.on('data', this.#take)
    socket.on('error', () => {}) // QEMU's end is told by its process
    socket.write('\n') // ends what the guest may have read half
    for (const { line } of this.#pending.values()) socket.write(line)
  }

  /** Every command that is under way fails with this error. */
  close(error: Error): void {
    this.#socket?.destroy()
    this.#socket = undefined
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  async run(request: AgentRequest): Promise<GuestResult> {
    const { argv, timeoutMs } = request
    const answer = await this.#ask(request)
    const text = (encoded: string): string => Buffer.from(encoded, 'base64').toString('utf8')
    const result = {
      exitCode: answer.exitCode,
      stdout: text(answer.stdout),
      stderr: text(answer.stderr),
    }
    if (!answer.timedOut) return result
    throw new Error(`in the guest, ${argv.join(' ')} took longer than ${timeoutMs} ms: ${result.stderr}`)
  }

  async #ask({ argv, input, timeoutMs, signal }: AgentRequest): Promise<Answer> {
    if (this.#socket === undefined) throw new Error('the guest is not running')
    const id = this.#nextId++
    const encoded = input === undefined ? undefined : Buffer.from(input).toString('base64')
    const line = `${JSON.stringify({ id, argv, input: encoded, timeoutMs })}\n`
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#pending.set(id, { line, resolve, reject })
    this.#socket.write(line)
    const silent = (): void => reject(new Error(`the guest is silent: no answer to ${argv.join(' ')}`))
    const timer = setTimeout(silent, timeoutMs + GRACE_MS)
    const kill = (): void => void this.#socket?.write(`${JSON.stringify({ id, kill: true })}\n`)
    signal?.addEventListener('abort', kill)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', kill)
      this.#pending.delete(id)
    }
  }

  #answer(answer: Answer): void {
    this.#pending.get(answer.id)?.resolve(answer)
  }
}
