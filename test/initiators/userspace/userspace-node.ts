import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keeperSocket } from '../../../src/initiators/userspace/keeper/keeper.ts'
import { askKeeper } from '../../../src/initiators/userspace/keeper/keeper-client.ts'
import type { KeeperStatus } from '../../../src/initiators/userspace/keeper/keeper-protocol.ts'
import { createUserspaceInitiator } from '../../../src/initiators/userspace/userspace-initiator.ts'
import type { DiskId, InitiatorPlug } from '../../../src/volumegroups/index.ts'
import { describeLeftovers, leftoversOf, sweep } from '../../support/leftovers.ts'

/** A node's userspace initiator in a folder of its own, with the keeper that it starts. */
export class UserspaceNode implements AsyncDisposable {
  readonly stateDir: string
  readonly initiator: InitiatorPlug
  readonly #worker: string | undefined

  private constructor(stateDir: string, worker: string | undefined) {
    this.stateDir = stateDir
    this.#worker = worker
    this.initiator = this.restart()
  }

  /** @param worker the worker's program, when it is not the real one. */
  static async create(worker?: string): Promise<UserspaceNode> {
    return new UserspaceNode(await mkdtemp(join(tmpdir(), 'mooring-userspace-')), worker)
  }

  /** Another initiator object on the same folder. */
  restart(): InitiatorPlug {
    return createUserspaceInitiator({ stateDir: this.stateDir, spawnKeeper: true, worker: this.#worker })
  }

  status(): Promise<KeeperStatus> {
    return askKeeper(keeperSocket(this.stateDir), { op: 'status' }, 5000)
  }

  async abandon(diskId: DiskId): Promise<void> {
    await askKeeper(keeperSocket(this.stateDir), { op: 'abandon', diskId, why: 'the test says so' }, 30_000)
  }

  async renew(): Promise<void> {
    await askKeeper(keeperSocket(this.stateDir), { op: 'renew' }, 30_000)
  }

  /** Returns when the keeper's process has ended. */
  async stop(force = false): Promise<void> {
    const { pid } = await this.status()
    await askKeeper(keeperSocket(this.stateDir), { op: 'stop', force }, 30_000)
    while (existsSync(`/proc/${pid}`)) await sleep(10)
  }

  /** The workers that serve disks. */
  async busyWorkers(): Promise<readonly number[]> {
    return (await this.status()).workers.filter(({ disks }) => disks > 0).map(({ pid }) => pid)
  }

  async leftovers(): Promise<string[]> {
    return describeLeftovers(await leftoversOf(this.stateDir))
  }

  /** Whatever the test left is taken down. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.initiator[Symbol.asyncDispose]()
    await sweep(this.stateDir)
  }
}
