import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'

/**
 * Stands at a unix socket in the place of whoever listens there, passes everything on, counts the connections and keeps
 * what each of them asks first.
 */
export class CountingRelay implements AsyncDisposable {
  connections = 0
  readonly requests: Buffer[] = []
  readonly #path: string
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((client) => {
    this.connections += 1
    client.once('data', (request) => this.requests.push(request as Buffer))
    const server = connect(this.#behind)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => to.destroy())
      from.once('close', () => this.#sockets.delete(from))
      from.pipe(to)
    }
  })

  private constructor(path: string) {
    this.#path = path
  }

  static async at(path: string): Promise<CountingRelay> {
    const relay = new CountingRelay(path)
    await rename(path, relay.#behind)
    relay.#server.listen(path)
    await once(relay.#server, 'listening')
    return relay
  }

  get #behind(): string {
    return `${this.#path}.behind`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
    await rm(this.#path, { force: true })
    await rename(this.#behind, this.#path)
  }
}
