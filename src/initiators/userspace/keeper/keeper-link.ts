import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Command, startDaemon } from '../../../host/exec.ts'
import { type DiskId, StorageError } from '../../../volumegroups/index.ts'
import type { VolumeSpec } from '../volume-spec.ts'
import { codeCacheFolder, keeperSocket } from './keeper.ts'
import { askKeeper, KeeperAbsentError } from './keeper-client.ts'
import type { KeeperRequest, KeeperResults, LeaseAnswer, ServedDisk } from './keeper-protocol.ts'

export interface KeeperLinkOptions {
  /** The keeper's socket, log and mounts. Short: with `/keeper.sock` it must fit into 107 bytes. */
  readonly stateDir: string
  /** Starts a keeper when none answers; false when a service owns it. */
  readonly spawnKeeper: boolean
  /** The node's configuration, from which a keeper that is started here knows its element. Left out: it has none. */
  readonly configFile?: string | undefined
  /** How many disks can be attached at once. */
  readonly maxDisks?: number | undefined
  /** The worker's program, when it is not the installed one. */
  readonly worker?: string | undefined
}

/**
 * How many disks a node can have attached by default. Each may hold about 10 MiB of memory under load and is one
 * session, one mount and one loop device.
 */
export const DEFAULT_MAX_DISKS = 128

const KEEPER = fileURLToPath(new URL('../../../main/keeper.ts', import.meta.url))
const START_TIMEOUT_MS = 15_000
const POLL_MS = 20
/** Longer than what the keeper itself allows for each. */
const TIMEOUT_MS = { attach: 90_000, detach: 120_000, refreshSize: 60_000, list: 10_000 } as const

/** The way to the keeper of this node, which is started when it has to be. */
export class KeeperLink {
  readonly #options: KeeperLinkOptions
  readonly #socket: string
  #starting: Promise<void> | undefined

  constructor(options: KeeperLinkOptions) {
    this.#options = options
    this.#socket = keeperSocket(options.stateDir)
  }

  attach(volume: VolumeSpec): Promise<ServedDisk> {
    return this.#ask({ op: 'attach', volume }, TIMEOUT_MS.attach)
  }

  async detach(diskId: DiskId): Promise<void> {
    await this.#ask({ op: 'detach', diskId }, TIMEOUT_MS.detach)
  }

  refreshSize(diskId: DiskId): Promise<ServedDisk> {
    return this.#ask({ op: 'refreshSize', diskId }, TIMEOUT_MS.refreshSize)
  }

  /** How this node's lease stands; with `renew` it is renewed first. */
  lease(renew: boolean): Promise<LeaseAnswer> {
    return this.#ask({ op: 'lease', renew }, TIMEOUT_MS.list)
  }

  async abandon(diskId: DiskId, why: string): Promise<void> {
    await this.#ask({ op: 'abandon', diskId, why }, TIMEOUT_MS.detach)
  }

  list(): Promise<readonly ServedDisk[]> {
    return this.#ask({ op: 'list' }, TIMEOUT_MS.list)
  }

  async #ask<Request extends KeeperRequest>(
    request: Request,
    timeoutMs: number,
  ): Promise<KeeperResults[Request['op']]> {
    try {
      return await askKeeper(this.#socket, request, timeoutMs)
    } catch (error) {
      if (!(error instanceof KeeperAbsentError)) throw error
      if (!this.#options.spawnKeeper) {
        throw new StorageError('INITIATOR_UNAVAILABLE', 'the keeper service of this node does not run', {
          fix: 'Start the keeper service on the node.',
          cause: error,
        })
      }
    }
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    await this.#starting
    return askKeeper(this.#socket, request, timeoutMs)
  }

  /** Starts a keeper that lives on when this process ends, and waits until it answers. */
  async #start(): Promise<void> {
    const { stateDir } = this.#options
    await mkdir(stateDir, { recursive: true, mode: 0o700 })
    const log = await open(join(stateDir, 'keeper.log'), 'a', 0o600)
    try {
      const keeper = await startDaemon(this.#command(), {
        detached: true,
        logFd: log.fd,
        env: { NODE_COMPILE_CACHE: codeCacheFolder(stateDir) },
      })
      const deadline = Date.now() + START_TIMEOUT_MS
      while (!(await this.#answers())) {
        if (keeper.child.exitCode !== null || Date.now() > deadline) {
          throw new StorageError('INITIATOR_UNAVAILABLE', 'the keeper of this node did not start', {
            fix: 'Look at keeper.log in the state folder of the node.',
          })
        }
        await sleep(POLL_MS)
      }
    } finally {
      await log.close()
    }
  }

  #command(): Command {
    const { stateDir, maxDisks = DEFAULT_MAX_DISKS, worker, configFile } = this.#options
    const args = ['--max-old-space-size=64', KEEPER, '--state-dir', stateDir, '--max-disks', String(maxDisks)]
    if (worker !== undefined) args.push('--worker', worker)
    if (configFile !== undefined) args.push('--config', configFile)
    return { file: process.execPath, args }
  }

  #answers(): Promise<boolean> {
    return askKeeper(this.#socket, { op: 'status' }, TIMEOUT_MS.list).then(
      () => true,
      () => false,
    )
  }
}
