import type { Socket } from 'node:net'
import { connectSocket, lineReader } from './line-socket.ts'

interface Reply {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
  readonly id?: number
}

const REPLY_LIMIT_MS = 20_000

/** QEMU's own control channel (QMP): stop, cont, migrate, system_reset, … */
export class Monitor {
  readonly #replies = new Map<number, (reply: Reply) => void>()
  readonly #socket: Socket
  #nextId = 1

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {}) // QEMU's end is told by its process
    socket.on(
      'data',
      lineReader((line) => {
        const reply = JSON.parse(line) as Reply
        if (reply.id !== undefined) this.#replies.get(reply.id)?.(reply)
      }),
    )
  }

  static async connect(path: string): Promise<Monitor> {
    const monitor = new Monitor(await connectSocket(path))
    await monitor.execute('qmp_capabilities')
    return monitor
  }

  async execute(command: string, options: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    this.#replies.set(id, resolve)
    const timer = setTimeout(() => reject(new Error(`QEMU does not answer ${command}`)), REPLY_LIMIT_MS)
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: options, id })}\n`)
    try {
      const reply = await promise
      if (reply.error) throw new Error(`QEMU refuses ${command}: ${reply.error.desc}`)
      return reply.return
    } finally {
      clearTimeout(timer)
      this.#replies.delete(id)
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
