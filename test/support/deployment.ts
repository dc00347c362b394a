import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parse, stringify } from 'yaml'
import type { ProbeResponse } from '../../src/csi/messages.ts'
import { CsiClient } from '../fakes/csi-client.ts'
import type { GuestBridge } from '../guest/support/network.ts'
import { type ElementClient, setUpHttps } from './https.ts'
import { describeLeftovers, leftoversOf, sweep } from './leftovers.ts'
import { isElementReady, poll } from './ready.ts'
import { StateDisk } from './state-disk.ts'
import { freePort } from './tgtd.ts'
import type { Driver } from './volumes.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MOORING = join(ROOT, 'bin/mooring')
const STOP_TIMEOUT_MS = 60_000

export interface DeploymentOptions {
  /** The first part of its folder's name. */
  readonly name: string
  readonly attach?: 'controller' | 'node'
  readonly maxVolumes?: number
  readonly poolBytes?: number
  /** What a stopping element does with its target. Whatever it is, nothing is left when the deployment is disposed of. */
  readonly onStop?: 'serve' | 'stop'
  /** How controller and node reach the element. Default: its unix socket. */
  readonly transport?: 'socket' | 'https'
  /** As in the element's configuration. */
  readonly lease?: { readonly durationMs: number; readonly renewMs: number }
  readonly authority?: { readonly mode?: 'bounded' | 'available'; readonly leaseMs?: number }
  /** As in the element's configuration. */
  readonly reconciler?: { readonly everyMs: number }
  /** What the element keeps beside its pool is on a disk of its own, which can be filled and frozen. */
  readonly stateDisk?: boolean
  /** No controller and no node. */
  readonly elementOnly?: boolean
  /** The element runs in a network of guests, where it is reached over HTTPS; the node is a guest's, and not started. */
  readonly guests?: Pick<GuestBridge, 'address' | 'inside'>
}

type Role = 'element' | 'controller' | 'node'

/**
 * One element, one controller and one node as their own processes on real parts, all under one folder of their own.
 * Disposing it stops them; whatever is left after that is an error that names it, and is swept.
 */
export class Deployment implements AsyncDisposable {
  readonly folder: string
  readonly controllerSocket: string
  readonly nodeSocket: string
  readonly elementSocket: string
  /** Where the element mounts its pool, and where its tgtd takes commands. */
  readonly poolPath: string
  readonly targetSocket: string
  /** If it was asked for. */
  stateDisk: StateDisk | undefined
  /** How an administrator reaches the element over HTTPS, if it listens there. */
  admin: ElementClient | undefined
  readonly #processes = new Map<Role, ChildProcess>()
  readonly #clients: CsiClient[] = []
  readonly #tokens: string[] = []
  #guests: DeploymentOptions['guests']

  private constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `${name}-${process.pid}-`))
    this.controllerSocket = join(this.folder, 'controller.sock')
    this.nodeSocket = join(this.folder, 'node.sock')
    this.elementSocket = join(this.folder, 'element.sock')
    this.poolPath = join(this.folder, 'element/pool')
    this.targetSocket = join(this.folder, 'element/tgt/control.0')
  }

  static async start(options: DeploymentOptions): Promise<Deployment> {
    const deployment = new Deployment(options.name)
    try {
      await deployment.#configure(options)
      await deployment.run('element')
      await Promise.all(othersOf(options).map((role) => deployment.run(role)))
    } catch (error) {
      const logs = deployment.logs()
      await deployment.stateDisk?.thaw()
      await sweep(deployment.folder)
      throw new Error(`the deployment did not start:\n${logs.slice(-4000)}`, { cause: error })
    }
    return deployment
  }

  async #configure(options: DeploymentOptions): Promise<void> {
    const { folder } = this
    const attach = options.attach ?? 'controller'
    const nodeId = `node-${process.pid}`
    const socket = { socket: this.elementSocket }
    const stateDir = join(folder, 'element')
    if (options.stateDisk) this.stateDisk = await StateDisk.mount(join(folder, 'state.img'), stateDir)
    const address = options.guests?.address ?? '127.0.0.1'
    const isRemote = options.transport === 'https' || options.guests !== undefined
    const https = isRemote ? await setUpHttps(folder, await freePort(), nodeId, address) : undefined
    this.#tokens.push(...(https?.tokens ?? []))
    this.admin = https?.admin
    this.#guests = options.guests
    const configs = {
      element: {
        name: options.name,
        site: 'site-1',
        stateDir,
        listen: { ...socket, ...(https && { https: https.listen }) },
        pool: {
          imageFile: join(folder, 'pool.img'),
          sizeBytes: options.poolBytes ?? 8 * 1024 ** 3,
          mountPoint: this.poolPath,
        },
        portal: { address, port: await freePort() },
        target: { onStop: options.onStop ?? 'stop' },
        lease: options.lease ?? {},
        authority: options.authority ?? {},
        reconciler: options.reconciler ?? {},
        deletes: { graceHours: 0 }, // a suite that wants a grace time asks for it
      },
      controller: {
        csiEndpoint: `unix://${this.controllerSocket}`,
        element: options.guests ? socket : (https?.controller ?? socket),
        linkLocal: false,
        attach,
      },
      node: {
        csiEndpoint: `unix://${this.nodeSocket}`,
        element: https?.node ?? socket,
        linkLocal: false,
        attach,
        nodeId,
        stateDir: join(folder, 'node'),
        maxVolumes: options.maxVolumes ?? 64,
      },
    }
    mkdirSync(join(folder, 'kubelet'))
    for (const [role, config] of Object.entries(configs)) {
      writeFileSync(this.configOf(role), stringify({ ...config, logLevel: 'info' }))
    }
  }

  /** Where the configuration of a process is. */
  readonly configOf = (role: string): string => join(this.folder, `${role}.yaml`)

  /** Starts a process (again) and waits until it is ready. */
  async run(role: Role): Promise<void> {
    const log = openSync(join(this.folder, `${role}.log`), 'a')
    // Detached, so that an interrupt from the terminal reaches the caller alone, which stops them in order.
    const command = { file: MOORING, args: [role, '--config', this.configOf(role)] }
    const { file, args } = role === 'element' && this.#guests ? this.#guests.inside(command) : command
    const child = spawn(file, [...args], {
      detached: true,
      stdio: ['ignore', log, log],
    })
    this.#processes.set(role, child)
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the ${role} ended with code ${code} before it was ready`)
    })
    ended.catch(() => {})
    await Promise.race([ended, this.#untilReady(role)])
  }

  async #untilReady(role: Role): Promise<void> {
    if (role === 'element') return await poll(`the element`, () => isElementReady(this.elementSocket))
    await poll(`the ${role}`, async () => {
      using csi = new CsiClient(this.#endpointOf(role)) // one that was refused would wait before it tries again
      return (await csi.call<ProbeResponse>('Probe')).ready?.value ?? true
    })
  }

  /** Sends a signal and waits until the process has ended. */
  async kill(role: Role, signal: NodeJS.Signals): Promise<void> {
    const child = this.#processes.get(role)
    if (child === undefined || !this.isRunning(role)) return
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await once(child, 'exit')
    clearTimeout(timer)
  }

  isRunning(role: Role): boolean {
    const child = this.#processes.get(role)
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  pid(role: Role): number {
    return this.#processes.get(role)?.pid as number
  }

  /** A client for the controller's or the node's socket; closed with the deployment. */
  csi(role: 'controller' | 'node'): CsiClient {
    const client = new CsiClient(this.#endpointOf(role))
    this.#clients.push(client)
    return client
  }

  /** Drives the deployment as sidecars and kubelet do; staging and target paths lie in its folder. */
  driver(): Driver {
    const folder = join(this.folder, 'kubelet')
    return { controller: this.csi('controller'), node: this.csi('node'), folder }
  }

  #endpointOf(role: 'controller' | 'node'): string {
    return `unix://${role === 'node' ? this.nodeSocket : this.controllerSocket}`
  }

  /** Every secret that it lives with: its tokens, and the CHAP secrets in the element's database. */
  secrets(): readonly string[] {
    const database = new DatabaseSync(join(this.folder, 'element/element.db'), { readOnly: true })
    const rows = database.prepare('SELECT chap_secret, mutual_secret FROM initiators').all()
    database.close()
    return [...this.#tokens, ...rows.flatMap((row) => Object.values(row).map(String))]
  }

  /** All that its processes have logged. */
  logs(): string {
    const files = ['element', 'controller', 'node'].map((role) => join(this.folder, `${role}.log`))
    return [...files, join(this.folder, 'node/userspace/keeper.log')].map(readIfThere).join('')
  }

  /** Takes everything down at once, in whatever state it is: for a run that was cut short. */
  async abandon(): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]()
    await this.stateDisk?.thaw()
    await sweep(this.folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]()
    await this.stateDisk?.thaw()
    await this.stateDisk?.free()
    await this.kill('controller', 'SIGTERM')
    await this.kill('node', 'SIGTERM')
    await this.#stopKeeper()
    await this.#stopElement()
    await this.stateDisk?.[Symbol.asyncDispose]()
    const left = describeLeftovers(await leftoversOf(this.folder))
    await sweep(this.folder)
    if (left.length > 0) throw new Error(`left behind by the deployment:\n${left.join('\n')}`)
  }

  /** An element that was killed, or that leaves its target serving, is started once more to stop in order. */
  async #stopElement(): Promise<void> {
    const file = this.configOf('element')
    const config = parse(readFileSync(file, 'utf8')) as { target: { onStop: string } }
    if (config.target.onStop === 'serve') {
      writeFileSync(file, stringify({ ...config, target: { onStop: 'stop' } }))
      await this.kill('element', 'SIGTERM')
    }
    if (!this.isRunning('element')) await this.run('element')
    await this.kill('element', 'SIGTERM')
  }

  async #stopKeeper(): Promise<void> {
    const child = spawn(MOORING, ['keeper', 'stop', '--config', join(this.folder, 'node.yaml')], {
      stdio: 'ignore',
    })
    await once(child, 'exit')
  }
}

function othersOf({ elementOnly, guests }: DeploymentOptions): readonly Role[] {
  if (elementOnly) return []
  return guests ? ['controller'] : ['controller', 'node']
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Removes what earlier, interrupted runs of the same name left: theirs are the folders of processes long gone. */
export async function sweepInterrupted(name: string): Promise<void> {
  const pattern = new RegExp(`^${name}-(\\d+)-`)
  for (const entry of readdirSync(tmpdir())) {
    const pid = pattern.exec(entry)?.[1]
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    await sweep(join(tmpdir(), entry))
    rmSync(join(tmpdir(), entry), { recursive: true, force: true })
  }
}
