import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connection,
  type InitiatorPlug,
  type Reason,
  StorageError,
} from '../../../src/volumegroups/index.ts'
import type { DeviceAccess } from '../../contract/device-access.ts'
import { bootGuest, type Guest } from '../../guest/support/guest.ts'
import { lineReader } from '../../guest/support/line-socket.ts'
import { HOST_ADDRESS } from '../../guest/support/qemu.ts'
import { freePort } from '../../support/tgtd.ts'
import { GUEST_PORT, parseWire, wireText } from './wire.ts'

const NODE = '/mooring/node_modules/.bin/node'
const PROGRAM = '/mooring/test/initiators/open-iscsi/guest-program.ts'
const START_LIMIT_MS = 120_000
const POLL_MS = 250

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: Failure
}

interface Failure {
  readonly reason: Reason
  readonly message: string
  readonly why: string
  /** Of an error of the system. */
  readonly code?: string
}

/** A virtual machine as a node: the open-iscsi plug runs in it, on its own kernel, and is called from here. */
export class GuestNode implements AsyncDisposable {
  readonly guest: Guest
  readonly initiator: InitiatorPlug
  readonly devices: DeviceAccess
  readonly #port: number
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  #socket: Socket | undefined
  #next = 1

  private constructor(guest: Guest, port: number) {
    this.guest = guest
    this.#port = port
    this.initiator = this.#plug()
    this.devices = this.#devices()
  }

  /** One processor: under emulation, Node.js now and then crashes on more than one. */
  static async boot(name: string): Promise<GuestNode> {
    const hostPort = await freePort()
    const network = { kind: 'user' as const, forward: [{ hostPort, guestPort: GUEST_PORT }] }
    const guest = await bootGuest({ name, cpus: 1, network })
    const node = new GuestNode(guest, hostPort)
    try {
      await node.start()
      return node
    } catch (error) {
      await node[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts what a node runs: after boot. */
  async start(): Promise<void> {
    await this.guest.run('modprobe iscsi_tcp && iscsid')
    await this.startPlug()
  }

  async startPlug(): Promise<void> {
    await this.guest.run(`setsid ${NODE} ${PROGRAM} > /var/log/plug.log 2>&1 < /dev/null &`)
    const deadline = Date.now() + START_LIMIT_MS
    for (;;) {
      this.#socket = await this.#connect()
      if (await this.#answers()) return
      if (Date.now() > deadline) throw new Error(await this.guest.output('cat /var/log/plug.log'))
      await sleep(POLL_MS)
    }
  }

  /** Calls the program in the guest. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = this.#next++
    const answer = Promise.withResolvers<unknown>()
    this.#pending.set(id, answer)
    this.#socket?.write(`${wireText({ id, method, args })}\n`)
    return answer.promise
  }

  /** Another plug object in place of the first. */
  async restart(): Promise<InitiatorPlug> {
    await this.call('restart')
    return this.initiator
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy()
    await this.guest[Symbol.asyncDispose]()
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#port, '127.0.0.1')
    socket.on('error', () => {}) // told by what waits for an answer
    socket.on('close', () => this.#fail())
    await once(socket, 'connect')
    socket.on(
      'data',
      lineReader((line) => this.#take(parseWire(line) as Answer)),
    )
    return socket
  }

  /** QEMU takes a connection before anything in the guest does. */
  #answers(): Promise<boolean> {
    return this.call('list').then(
      () => true,
      () => false,
    )
  }

  #take({ id, result, error }: Answer): void {
    const waiting = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(failureOf(error))
  }

  #fail(): void {
    for (const { reject } of this.#pending.values()) reject(new Error('the program in the guest is gone'))
    this.#pending.clear()
  }

  #plug(): InitiatorPlug {
    const plug =
      (method: string) =>
      (...args: readonly unknown[]): Promise<never> =>
        this.call(method, ...args) as Promise<never>
    return {
      attach: plug('attach'),
      find: plug('find'),
      refreshSize: plug('refreshSize'),
      detach: plug('detach'),
      list: plug('list'),
      sessions: plug('sessions'),
      lose: plug('lose'),
      repair: plug('repair'),
      [Symbol.asyncDispose]: async () => {},
    }
  }

  #devices(): DeviceAccess {
    return {
      write: (...args) => this.call('write', ...args) as Promise<void>,
      read: (...args) => this.call('read', ...args) as Promise<string>,
      hold: async (path, how) => {
        const key = String(this.#next)
        await this.call('hold', path, how, key)
        return { [Symbol.asyncDispose]: async () => void (await this.call('release', key)) }
      },
    }
  }
}

/** The connection as the guest sees it: what listens on this machine is at another address for it. */
export const seenByGuest = <Disk extends Connection>(disk: Disk): Disk => ({
  ...disk,
  portals: disk.portals.map((portal) => ({ ...portal, address: HOST_ADDRESS })),
})

const failureOf = ({ reason, message, why, code }: Failure): Error =>
  Object.assign(new StorageError(reason, message, { cause: why }), code === undefined ? {} : { code })
