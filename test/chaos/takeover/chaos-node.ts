import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { NodeGetVolumeHealthResponse, ProbeResponse } from '../../../src/csi/messages.ts'
import { loopsOf } from '../../../src/host/loop-devices.ts'
import { diskFile, keeperSocket } from '../../../src/initiators/userspace/keeper/keeper.ts'
import { askKeeper } from '../../../src/initiators/userspace/keeper/keeper-client.ts'
import type { DiskId } from '../../../src/volumegroups/index.ts'
import { CsiClient } from '../../fakes/csi-client.ts'
import type { ElementClient } from '../../support/https.ts'
import type { Network } from './network.ts'

const MOORING = join(resolve(import.meta.dirname, '../../..'), 'bin/mooring')
const READY_MS = 30_000

export interface ChaosNodeOptions {
  readonly name: string
  readonly folder: string
  readonly network: Network
  readonly element: ElementClient
}

/** One node in its own network namespace, with everything that serves disks there. */
export class ChaosNode {
  readonly name: string
  readonly #options: ChaosNodeOptions
  readonly #configFile: string
  readonly #stateDir: string
  readonly #csi: CsiClient
  #process: ChildProcess | undefined

  constructor(options: ChaosNodeOptions) {
    const { name, folder, element } = options
    this.#options = options
    this.name = name
    this.#stateDir = join(folder, name)
    this.#configFile = join(folder, `${name}.yaml`)
    const csiEndpoint = `unix://${join(folder, `${name}.sock`)}`
    const identity = { nodeId: name, lease: { instance: `boot-of-${name}` } }
    const config = { csiEndpoint, element, ...identity, stateDir: this.#stateDir }
    const ways = { attach: 'node', initiator: 'userspace', volumeHealth: true, healSeconds: 1 }
    writeFileSync(this.#configFile, stringify({ ...config, ...ways }))
    mkdirSync(this.#staging, { recursive: true })
    this.#csi = new CsiClient(csiEndpoint)
  }

  get #staging(): string {
    return join(this.#options.folder, 'kubelet', this.name)
  }

  async start(): Promise<void> {
    const { network, folder, name } = this.#options
    const [file, ...args] = [...network.enter(name), MOORING, 'node', '--config', this.#configFile]
    const log = openSync(join(folder, `${name}.log`), 'a')
    this.#process = spawn(file as string, args, { detached: true, stdio: ['ignore', log, log] })
    for (const end = Date.now() + READY_MS; ; await sleep(50)) {
      const probe = await this.#csi.call<ProbeResponse>('Probe').catch(() => undefined)
      if (probe?.ready?.value) return
      if (Date.now() > end) throw new Error(`${name} is not ready:\n${this.logs()}`)
    }
  }

  /** The keeper alone, and everything that serves disks. */
  async processes(): Promise<{ readonly keeper: number; readonly all: readonly number[] }> {
    const { pid, workers } = await askKeeper(this.#socket, { op: 'status' }, 10_000)
    return { keeper: pid, all: [pid, ...workers.map((worker) => worker.pid)] }
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  /** As a machine that dies: nothing of it runs any more. */
  async kill(): Promise<void> {
    const { all } = await this.processes()
    for (const pid of [this.pid, ...all]) process.kill(pid, 'SIGKILL')
    await once(this.#process as ChildProcess, 'exit')
    for (const pid of all) while (existsSync(`/proc/${pid}/exe`)) await sleep(5)
  }

  /** Takes the disk for itself; throws while another one has it. */
  async stage(diskId: DiskId): Promise<void> {
    const volumeCapability = { block: {}, accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' } }
    await this.#csi.call('NodeStageVolume', {
      ...{ volumeId: diskId, volumeCapability },
      stagingTargetPath: this.#staging,
    })
  }

  /** Again while the node itself works on the disk, as Kubernetes does. */
  async unstage(diskId: DiskId): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#csi.call(
          'NodeUnstageVolume',
          { volumeId: diskId, stagingTargetPath: this.#staging },
          60_000,
        )
        return
      } catch (error) {
        if (!String(error).includes('ABORTED') || tries === 50) throw error
      }
      await sleep(50)
    }
  }

  async device(diskId: DiskId): Promise<string> {
    const [device] = await loopsOf(diskFile(join(this.#stateDir, 'userspace'), diskId))
    if (device === undefined) throw new Error(`${diskId} is not attached to ${this.name}`)
    return device
  }

  /** What is wrong with the volume here, by the reasons of its health. */
  async faults(diskId: DiskId): Promise<readonly string[]> {
    const { volumeHealth } = await this.#csi.call<NodeGetVolumeHealthResponse>('NodeGetVolumeHealth', {
      volumeId: diskId,
      stagingTargetPath: this.#staging,
    })
    return volumeHealth?.healthStatuses.map(({ reason }) => reason) ?? []
  }

  async stop(): Promise<void> {
    this.#csi[Symbol.dispose]()
    if (this.#process?.exitCode === null) {
      this.#process.kill('SIGTERM')
      await once(this.#process, 'exit')
    }
    await askKeeper(this.#socket, { op: 'stop', force: true }, 30_000).catch(() => {}) // none runs
  }

  logs(): string {
    const files = [
      join(this.#options.folder, `${this.name}.log`),
      join(this.#stateDir, 'userspace/keeper.log'),
    ]
    return files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8').slice(-3000) : '')).join('')
  }

  get #socket(): string {
    return keeperSocket(join(this.#stateDir, 'userspace'))
  }
}
