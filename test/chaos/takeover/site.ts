import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import {
  createElementEndpoint,
  type ElementEndpoint,
} from '../../../src/endpoints/element/element-endpoint.ts'
import { callTgtd } from '../../../src/host/targets/tgt/ipc.ts'
import { showTargets } from '../../../src/host/targets/tgt/requests.ts'
import { parseTargets } from '../../../src/host/targets/tgt/show.ts'
import { type Disk, type DiskId, serialOf } from '../../../src/volumegroups/index.ts'
import { byLength } from '../../support/duration.ts'
import { setUpHttps } from '../../support/https.ts'
import { describeLeftovers, leftoversOf, sweep } from '../../support/leftovers.ts'
import { StateDisk } from '../../support/state-disk.ts'
import { ChaosNode } from './chaos-node.ts'
import { Network } from './network.ts'

const MOORING = join(resolve(import.meta.dirname, '../../..'), 'bin/mooring')
const PORT = 9443
const DISK_BYTES = 16n * 1024n ** 2n
/** Short, so that many rounds fit into a minute; longer than a standstill that an initiator's sessions outlive. */
export const LEASE = { durationMs: byLength(3000, 9000), renewMs: 500, marginMs: 200 }
const FENCE_MS = 2000
const ENDING_MS = 15_000
const AUTHORITY = { leaseMs: byLength(4000, 15_000) }

/** One element and two nodes, in network namespaces of their own. Whatever is left of them in the end is an error. */
export class Site implements AsyncDisposable {
  readonly folder: string
  readonly network: Network
  readonly nodes: readonly [ChaosNode, ChaosNode]
  readonly element: ElementEndpoint
  /** What the element keeps beside its pool. */
  readonly stateDisk: StateDisk
  readonly #process: ChildProcess

  private constructor(
    parts: Pick<Site, 'folder' | 'network' | 'nodes' | 'stateDisk'> & { process: ChildProcess },
  ) {
    this.folder = parts.folder
    this.stateDisk = parts.stateDisk
    this.network = parts.network
    this.nodes = parts.nodes
    this.#process = parts.process
    this.element = createElementEndpoint({ socketPath: join(parts.folder, 'element.sock') })
  }

  static async start(): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), 'mooring-takeover-'))
    const names = ['node-a', 'node-b'] as const
    const network = await Network.create(names)
    try {
      const address = Network.ELEMENT_ADDRESS
      const stateDisk = await StateDisk.mount(join(folder, 'state.img'), join(folder, 'element'))
      const https = await setUpHttps(folder, PORT, 'any', address)
      const process = startElement(folder, network, https.listen)
      const node = (name: string) => new ChaosNode({ name, folder, network, element: https.admin })
      const nodes = names.map(node) as [ChaosNode, ChaosNode]
      const site = new Site({ folder, network, nodes, stateDisk, process })
      await site.#untilReady()
      await Promise.all(nodes.map((one) => one.start()))
      return site
    } catch (error) {
      await sweep(folder)
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  async #untilReady(): Promise<void> {
    for (let wait = 0; ; wait += 1) {
      const status = await this.element.status().catch(() => undefined)
      if (status?.state === 'ready') return
      if (wait > 600 || this.#process.exitCode !== null)
        throw new Error(`the element is not ready: ${readFileSync(join(this.folder, 'element.log'))}`)
      await sleep(50)
    }
  }

  addDisk(): Promise<Disk> {
    const size = { requiredBytes: DISK_BYTES, limitBytes: undefined }
    return this.element.createDisk({
      name: 'disk',
      project: '/',
      group: { kind: 'own' },
      size,
      attributes: {},
    })
  }

  /** The file that is the disk: what reached the disk is there, whoever sent it. */
  async fileOf(diskId: DiskId): Promise<string> {
    const pool = join(this.folder, 'pool')
    const found = readdirSync(pool, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.includes(diskId),
    )
    if (found === undefined) throw new Error(`${diskId} has no file in the pool`)
    return join(pool, found)
  }

  /** To how many initiators the target shows the disk now. */
  async shownTo(diskId: DiskId): Promise<number> {
    const shown = parseTargets(await callTgtd(join(this.folder, 'element/tgt/control.0'), showTargets))
    return shown.filter(({ luns }) => luns.some(({ serial }) => serial === serialOf(diskId))).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stateDisk.thaw()
    for (const node of this.nodes) await node.stop()
    await this.element[Symbol.asyncDispose]()
    this.#process.kill('SIGTERM')
    if (this.#process.exitCode === null) await once(this.#process, 'exit')
    await this.stateDisk[Symbol.asyncDispose]()
    const left = await remainsAfter(this.folder, ENDING_MS)
    await sweep(this.folder)
    await this.network[Symbol.asyncDispose]()
    if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`)
  }
}

/** What is still there after so long: a keeper answers before it ends, and may have a renewal under way. */
async function remainsAfter(folder: string, limitMs: number): Promise<string[]> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const left = describeLeftovers(await leftoversOf(folder))
    if (left.length === 0 || Date.now() > deadline) return left
    await sleep(100)
  }
}

function startElement(folder: string, network: Network, https: object): ChildProcess {
  const state = join(folder, 'element')
  const config = {
    stateDir: state,
    listen: { socket: join(folder, 'element.sock'), https },
    pool: { imageFile: join(folder, 'pool.img'), sizeBytes: 1024 ** 3, mountPoint: join(folder, 'pool') },
    space: { reserveBytes: 16 * 1024 ** 2 },
    portal: { address: Network.ELEMENT_ADDRESS, port: 3260 },
    target: { onStop: 'stop', fenceMs: FENCE_MS },
    lease: LEASE,
    authority: AUTHORITY,
  }
  const file = join(folder, 'element.yaml')
  if (!existsSync(file)) writeFileSync(file, stringify(config))
  const log = openSync(join(folder, 'element.log'), 'a')
  const [command, ...args] = [...network.enter('element'), MOORING, 'element', '--config', file]
  return spawn(command as string, args, { detached: true, stdio: ['ignore', log, log] })
}
