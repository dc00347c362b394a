import type { Logger } from 'pino'
import {
  type ChapCredentials,
  type Export,
  type Portal,
  type ServedTarget,
  StorageError,
  type Target,
} from '../../../volumegroups/index.ts'
import type { Sentinel } from '../../sentinel/sentinel.ts'
import { createSerializer } from '../../serialize.ts'
import { unstarted } from '../refusals.ts'
import { Exports } from './exports.ts'
import { Guard } from './guard.ts'
import { LIO_ROOT, prepareKernel } from './kernel.ts'
import { portalsOf } from './projection.ts'
import { inspectTarget, listLuns, listTargets } from './served.ts'
import { type ConfigTree, createConfigTree } from './tree.ts'

export interface LioOptions {
  readonly portal: { readonly address: string; readonly port: number }
  /** Marks what this element made in the kernel: whatever has another mark, or none, is never touched. */
  readonly owner: string
  /** The kernel goes on serving when the target is disposed of; the next one with the same owner takes it over. */
  readonly leaveRunning?: boolean | undefined
  /** Shuts the targets when the element's authority ends. Left out: they serve on by themselves. */
  readonly guard?: { readonly sentinel: Sentinel; readonly runDir: string } | undefined
  /** How long a revoke waits for a command that is under way. Default 10 s. */
  readonly fenceTimeoutMs?: number | undefined
  /** Where the kernel's tree is mounted; elsewhere only in tests. */
  readonly root?: string | undefined
  readonly log: Logger
}

const MAX_WAITING = 256
const WIDTH = 8
const DEFAULT_FENCE_TIMEOUT_MS = 10_000

/**
 * The Target on the kernel's own target (LIO), through configfs: one iSCSI target for each (volume group, initiator).
 * Nothing is remembered here that the kernel does not know: what is served is read from it each time.
 */
export function createLioTarget(options: LioOptions): Target {
  return new LioTarget(options)
}

class LioTarget implements Target {
  readonly #options: LioOptions
  readonly #root: string
  readonly #tree: ConfigTree
  readonly #exports: Exports
  readonly #guard: Guard | undefined
  readonly #serialize = createSerializer(MAX_WAITING)
  #started = false
  #paused = false

  constructor(options: LioOptions) {
    const { root = LIO_ROOT, fenceTimeoutMs = DEFAULT_FENCE_TIMEOUT_MS, owner, portal, guard, log } = options
    this.#options = options
    this.#root = root
    this.#tree = createConfigTree(root)
    const mayOpen = (): boolean => !this.#paused && this.#guard?.isPermitting !== false
    this.#exports = new Exports({ tree: this.#tree, owner, portal, fenceTimeoutMs, mayOpen })
    this.#guard =
      guard &&
      new Guard({ ...guard, root, owner, ended: () => this.#hold(), reopened: () => this.#release(), log })
  }

  async start(exports: readonly Export[]): Promise<void> {
    await prepareKernel(this.#root)
    await this.#guard?.start()
    const names = new Set([...(await this.#names()), ...exports.map(({ targetName }) => targetName)])
    await atOnce([...names], (name) => {
      const wanted = exports.filter(({ targetName }) => targetName === name)
      const failed = ({ lun }: Export, err: unknown): void =>
        this.#options.log.error({ err, target: name, lun }, 'a LUN can not be served')
      return this.#alone(name, () => this.#exports.reconcile(name, wanted, failed))
    })
    await speaking(() => this.#exports.sweep())
    this.#started = true
  }

  portals(): readonly Portal[] {
    return portalsOf(this.#options.portal)
  }

  isServing(): boolean {
    return this.#started && this.#guard?.isPermitting !== false
  }

  async grant(wanted: Export): Promise<void> {
    this.#checkStarted()
    await this.#alone(wanted.targetName, () => this.#exports.serve(wanted))
  }

  async revoke(targetName: string, lun: number): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, () => this.#exports.withdraw(targetName, lun))
  }

  async protect(targetName: string, lun: number): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, () => this.#exports.protect(targetName, lun))
  }

  async disconnect(targetName: string, chap: ChapCredentials | undefined): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, () => this.#exports.disconnect(targetName, chap))
  }

  /** The kernel serves a file while it grows; then it is told the new size. */
  async resize(exports: readonly Export[], change: () => Promise<void>): Promise<void> {
    this.#checkStarted()
    await change()
    await speaking(() => this.#exports.refreshSizes(exports))
  }

  async pause(): Promise<void> {
    this.#paused = true
    await this.#hold()
  }

  async resume(): Promise<void> {
    this.#paused = false
    await this.#release()
  }

  async inventory(): Promise<readonly { readonly targetName: string; readonly luns: readonly number[] }[]> {
    this.#checkStarted()
    return await speaking(async () => {
      const names = await listTargets(this.#tree, this.#options.owner)
      return await Promise.all(
        names.map(async (name) => ({ targetName: name, luns: await listLuns(this.#tree, name) })),
      )
    })
  }

  async inspect(): Promise<readonly ServedTarget[]> {
    this.#checkStarted()
    return await speaking(async () => {
      const names = await listTargets(this.#tree, this.#options.owner)
      return await Promise.all(names.map((name) => inspectTarget(this.#tree, name)))
    })
  }

  async remake(targetName: string, exports: readonly Export[]): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, async () => {
      await this.#exports.reconcile(targetName, [])
      for (const one of exports) await this.#exports.serve(one)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = this.#started
    this.#started = false
    if (this.#options.leaveRunning || !started) return this.#guard?.leave()
    await atOnce(await this.#names(), (name) => this.#alone(name, () => this.#exports.reconcile(name, [])))
    await speaking(() => this.#exports.sweep())
    await this.#guard?.stop()
  }

  #checkStarted(): void {
    if (!this.#started) throw unstarted()
  }

  async #hold(): Promise<void> {
    await atOnce(await this.#names(), (name) => this.#alone(name, () => this.#exports.hold(name)))
  }

  async #release(): Promise<void> {
    await atOnce(await this.#names(), (name) => this.#alone(name, () => this.#exports.release(name)))
  }

  #names(): Promise<readonly string[]> {
    return speaking(() => listTargets(this.#tree, this.#options.owner))
  }

  #alone<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    return this.#serialize(name, () => speaking(task))
  }
}

/** What the kernel refuses is told as TARGET_UNAVAILABLE, with the refusal as its cause. */
async function speaking<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (error instanceof StorageError || code === undefined) throw error
    const message = `the kernel's iSCSI target refuses a change of its configuration (${code})`
    throw new StorageError('TARGET_UNAVAILABLE', message, { cause: error })
  }
}

/** Some at once: the kernel takes its time for each change. All are done, whatever happens to some. */
async function atOnce(names: readonly string[], task: (name: string) => Promise<void>): Promise<void> {
  const left = names.values()
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (const name of left) await task(name).catch((error: unknown) => failures.push(error))
  }
  await Promise.all(Array.from({ length: WIDTH }, worker))
  if (failures.length > 0) throw failures[0]
}
