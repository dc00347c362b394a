import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Daemon, run, startDaemon } from '../../../src/host/exec.ts'
import { Agent, type GuestResult } from './agent.ts'
import { buildTreeImage, GUEST_CACHE, guestImage } from './image.ts'
import { Monitor } from './monitor.ts'
import { agentSocket, type GuestNetwork, type Machine, monitorSocket, qemuCommand } from './qemu.ts'

export interface GuestOptions {
  /** Its host name, and the end of its default initiator name. Default `guest`. */
  readonly name?: string | undefined
  /** Default 1024. */
  readonly memoryMiB?: number | undefined
  /** Default 2. */
  readonly cpus?: number | undefined
  /** Default: a network of its own. */
  readonly network?: GuestNetwork | undefined
}

export interface GuestRunOptions {
  /** The guest kills the command after this. Default 30 s. */
  readonly timeoutMs?: number | undefined
  readonly input?: string | Buffer | undefined
  /** Exit codes that are an answer, not a failure. Default: only 0. */
  readonly okCodes?: readonly number[] | undefined
  /** Kills the command. */
  readonly signal?: AbortSignal | undefined
}

/** What a migration took. */
export interface Migration {
  readonly totalMs: number
  /** How long the guest stood still. */
  readonly downtimeMs: number
}

/** A virtual machine that runs Debian's cloud kernel, with the tree under test in /mooring. */
export interface Guest extends AsyncDisposable {
  readonly name: string
  /** A bash script, or a program with its arguments. Throws, with its output, when it fails. Many run side by side. */
  run(command: string | readonly string[], options?: GuestRunOptions): Promise<GuestResult>
  /** The same, for what it prints. */
  output(command: string | readonly string[], options?: GuestRunOptions): Promise<string>
  /** What the kernel and its first process have written so far. */
  console(): string
  /** Ends it as when the power goes. Its disk stays; what was not flushed may be lost. */
  powerCut(): Promise<void>
  /** Boots it again after a power cut, with the disk as it was left. */
  start(): Promise<void>
  /** Moves it, as it runs, into another QEMU process, which has this network. */
  migrate(network: GuestNetwork): Promise<Migration>
  /** A command for QEMU itself (QMP), such as `stop`, `cont`. */
  monitor(command: string, options?: Readonly<Record<string, unknown>>): Promise<unknown>
}

const BOOT_LIMIT_MS = 180_000
const RUN_LIMIT_MS = 30_000
const MIGRATION_LIMIT_MS = 180_000
const MIGRATION_POLL_MS = 100
const CONSOLE_TAIL = 3000
const CONSOLES = join(GUEST_CACHE, 'consoles')
let guests = 0

/** Boots a guest; it answers when this returns. */
export async function bootGuest(options: GuestOptions = {}): Promise<Guest> {
  const folder = await mkdtemp(join(tmpdir(), `mooring-guest-${process.pid}-`))
  const { name = 'guest', memoryMiB = 1024, cpus = 2, network = { kind: 'user' } } = options
  await mkdir(CONSOLES, { recursive: true })
  const machine: Machine = {
    ...{ name, memoryMiB, cpus, network, folder },
    disk: join(folder, 'root.qcow2'),
    tree: join(folder, 'tree.raw'),
    console: join(CONSOLES, `${name}-${process.pid}-${guests++}.log`),
  }
  const guest = new QemuGuest(machine)
  try {
    const { rootfs } = await guestImage()
    const args = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', rootfs, machine.disk]
    await Promise.all([run({ file: 'qemu-img', args }), buildTreeImage(machine.tree)])
    await guest.start()
    return guest
  } catch (error) {
    await guest[Symbol.asyncDispose]()
    throw error
  }
}

interface MigrationState {
  readonly status: string
  readonly 'total-time': number
  readonly downtime: number
  readonly 'error-desc'?: string
}

class QemuGuest implements Guest {
  /** Holds its disk, and goes with it. */
  readonly #folder: string
  #machine: Machine
  #agent = new Agent()
  #monitor: Monitor | undefined
  #qemu: Daemon | undefined

  constructor(machine: Machine) {
    this.#machine = machine
    this.#folder = machine.folder
  }

  get name(): string {
    return this.#machine.name
  }

  async start(): Promise<void> {
    this.#agent = new Agent()
    this.#qemu = await this.#launch(this.#machine)
    await Promise.race([this.#connect(this.#agent), this.#endOf(this.#qemu)])
  }

  async #launch(machine: Machine): Promise<Daemon> {
    const log = openSync(machine.console, 'a')
    try {
      return await startDaemon(qemuCommand(machine, await guestImage()), { logFd: log })
    } finally {
      closeSync(log)
    }
  }

  /** Rejects when the process ends; what waits for the agent is told, unless the guest has moved on by then. */
  #endOf(qemu: Daemon): Promise<never> {
    const agent = this.#agent
    const ended = qemu.exited.then(() => {
      if (this.#qemu === qemu) agent.close(this.#ended())
      throw this.#ended()
    })
    ended.catch(() => {}) // told to whoever asks the agent
    return ended
  }

  async #connect(agent: Agent): Promise<void> {
    const { folder } = this.#machine
    await agent.connect(agentSocket(folder))
    this.#monitor = await Monitor.connect(monitorSocket(folder))
    await agent.run({ argv: ['true'], timeoutMs: BOOT_LIMIT_MS })
  }

  async migrate(network: GuestNetwork): Promise<Migration> {
    const folder = await mkdtemp(join(this.#folder, 'host-'))
    const incoming = `unix:${join(folder, 'incoming')}`
    const destination: Machine = { ...this.#machine, folder, network, incoming }
    const [source, sourceMonitor] = [this.#qemu, this.#monitor]
    const qemu = await this.#launch(destination)
    try {
      const monitor = await Monitor.connect(monitorSocket(folder)) // it listens for the guest by now
      await this.monitor('migrate', { uri: incoming })
      const migration = await this.#untilMigrated()
      this.#machine = { ...destination, incoming: undefined }
      this.#monitor = monitor
      this.#qemu = qemu
      this.#endOf(qemu)
      await this.#agent.connect(agentSocket(folder))
      return migration
    } finally {
      const unused = this.#qemu === qemu ? source : qemu
      if (unused === source) sourceMonitor?.close()
      await unused?.stop('SIGKILL', 0)
    }
  }

  async #untilMigrated(): Promise<Migration> {
    const deadline = Date.now() + MIGRATION_LIMIT_MS
    for (;;) {
      const state = (await this.monitor('query-migrate')) as MigrationState
      if (state.status === 'completed') {
        return { totalMs: state['total-time'], downtimeMs: state.downtime }
      }
      if (state.status === 'failed') throw new Error(`the migration failed: ${state['error-desc']}`)
      if (Date.now() > deadline) throw new Error(`the migration does not end: ${JSON.stringify(state)}`)
      await sleep(MIGRATION_POLL_MS)
    }
  }

  async run(command: string | readonly string[], options: GuestRunOptions = {}): Promise<GuestResult> {
    const { timeoutMs = RUN_LIMIT_MS, okCodes = [0], input, signal } = options
    const argv = typeof command === 'string' ? ['bash', '-euo', 'pipefail', '-c', command] : command
    const result = await this.#agent.run({ argv, input, timeoutMs, signal })
    if (okCodes.includes(result.exitCode)) return result
    const what = typeof command === 'string' ? command : command.join(' ')
    throw new Error(
      `in guest ${this.name}, exit code ${result.exitCode} of: ${what}\n${result.stdout}${result.stderr}`,
    )
  }

  async output(command: string | readonly string[], options: GuestRunOptions = {}): Promise<string> {
    return (await this.run(command, options)).stdout
  }

  console(): string {
    return readFileSync(this.#machine.console, 'utf8')
  }

  async powerCut(): Promise<void> {
    this.#monitor?.close()
    this.#agent.close(new Error('the power of the guest was cut'))
    await this.#qemu?.stop('SIGKILL', 0)
  }

  async monitor(command: string, options: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#monitor === undefined) throw new Error('the guest is not running')
    return await this.#monitor.execute(command, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerCut()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #ended(): Error {
    return new Error(
      `the guest ended; its console (${this.#machine.console}) ends with:\n${this.console().slice(-CONSOLE_TAIL)}`,
    )
  }
}
