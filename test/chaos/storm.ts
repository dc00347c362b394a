import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keeperSocket } from '../../src/initiators/userspace/keeper/keeper.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment, type DeploymentOptions } from '../support/deployment.ts'
import { verifySteadily } from '../support/fio.ts'
import {
  attachVolume,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'

const SIZE_MIB = 32
const MIB = 1024 ** 2
/** fio runs for so long before the fault, and at least so long after it. */
const CALM_MS = 1000
const PASS_SECONDS = 2

/** Disks of one node, on which fio writes and checks while something goes wrong. */
export class Storm implements AsyncDisposable {
  readonly deployment: Deployment
  readonly #driver: Driver
  readonly #disks: { readonly volume: TestVolume; readonly path: string }[] = []

  private constructor(deployment: Deployment) {
    this.deployment = deployment
    const [controller, node] = [deployment.csi('controller'), deployment.csi('node')]
    this.#driver = { controller, node, folder: join(deployment.folder, 'kubelet') }
  }

  static async start(disks: number, options: DeploymentOptions): Promise<Storm> {
    const storm = new Storm(await Deployment.start(options))
    try {
      for (let index = 0; index < disks; index += 1) await storm.#addDisk(`storm-${index}`)
    } catch (error) {
      await storm.deployment[Symbol.asyncDispose]()
      throw error
    }
    return storm
  }

  get keeperSocket(): string {
    return keeperSocket(join(this.deployment.folder, 'node/userspace'))
  }

  /** Throws on an I/O error or a wrong byte; gives the longest time that one I/O took. */
  async verifyDuring(name: string, fault: () => Promise<void>): Promise<number> {
    const stop = new AbortController()
    const running = Promise.all(this.#disks.map(({ path }) => writeUntil(path, stop.signal)))
    running.catch(() => {}) // awaited below, after the fault
    try {
      await sleep(CALM_MS)
      await fault()
      await sleep(CALM_MS)
    } finally {
      stop.abort()
    }
    const longestMs = Math.max(...(await running))
    process.stdout.write(`${this.#disks.length} disks, ${name}: longest stall ${longestMs.toFixed(0)} ms\n`)
    return longestMs
  }

  /** Takes all disks away; gives back what is left of them anywhere. */
  async end(): Promise<object> {
    for (const { volume } of this.#disks.splice(0)) {
      await detachVolume(this.#driver, volume)
      await deleteVolume(this.#driver, volume)
    }
    return remainsOf(await censusOf(this.deployment))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deployment[Symbol.asyncDispose]()
  }

  async #addDisk(name: string): Promise<void> {
    const volume = await createVolume(this.#driver, { name, sizeBytes: SIZE_MIB * MIB, access: 'block' })
    this.#disks.push({ volume, path: await attachVolume(this.#driver, volume) })
  }
}

/** Writes and checks, pass after pass, until it is told to stop. */
async function writeUntil(file: string, stop: AbortSignal): Promise<number> {
  let longestMs = 0
  let checkedMib = 0
  do {
    const figures = await verifySteadily({ file, sizeMib: SIZE_MIB, seconds: PASS_SECONDS, iodepth: 4 })
    longestMs = Math.max(longestMs, figures.longestMs)
    checkedMib += figures.readMib
  } while (!stop.aborted)
  if (checkedMib === 0) throw new Error(`fio checked nothing on ${file}`)
  return longestMs
}
