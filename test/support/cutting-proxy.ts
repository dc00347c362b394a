import { once } from 'node:events'
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket,
} from 'node:net'

export type Direction = 'request' | 'response'

/** Stands between a client and a server on TCP, passes every byte on, and cuts a connection after the byte it is told. */
export class CuttingProxy implements AsyncDisposable {
  /** Connections that were cut so far. */
  cuts = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #next: { readonly direction: Direction; bytesLeft: number; readonly reset: boolean } | undefined

  private constructor(upstream: NetConnectOpts) {
    this.#server = createServer((client) => this.#relay(client, connect(upstream)))
  }

  static async start(upstream: NetConnectOpts): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(upstream)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** From now on: after so many more bytes in this direction, both ends lose their connection. */
  cutAfter(direction: Direction, bytes: number, reset: boolean): void {
    this.#next = { direction, bytesLeft: bytes, reset }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #relay(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {}) // its end is what counts
      socket.once('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (bytes) => this.#pass('request', bytes as Buffer, client, server))
    server.on('data', (bytes) => this.#pass('response', bytes as Buffer, server, client))
  }

  #pass(direction: Direction, bytes: Buffer, from: Socket, to: Socket): void {
    const next = this.#next
    if (next?.direction !== direction || next.bytesLeft >= bytes.length) {
      if (next?.direction === direction) next.bytesLeft -= bytes.length
      to.write(bytes)
      return
    }
    this.#next = undefined
    this.cuts += 1
    const end = (socket: Socket): void => void (next.reset ? socket.resetAndDestroy() : socket.destroy())
    from.removeAllListeners('data')
    // What is to arrive before the cut does arrive: an end, unlike a reset, takes nothing back.
    to.write(bytes.subarray(0, next.bytesLeft), () => {
      end(to)
      end(from)
    })
  }
}
