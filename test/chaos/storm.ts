import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { keeperSocket } from '../../src/initiators/userspace/keeper/keeper.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment, type DeploymentOptions } from '../support/deployment.ts'
import { verifyWithFio } from '../support/fio.ts'
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

/** Disks of one node, on which fio writes and checks while something goes wrong. */
export class Storm implements AsyncDisposable {
  readonly deployment: Deployment
  readonly #driver: Driver
  readonly #disks: { readonly volume: TestVolume; readonly path: string }[] = []

  private constructor(deployment: Deployment) {
    this.deployment = deployment
    this.#driver = deployment.driver()
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

  /**
   * Throws on an I/O error or a wrong byte; gives the longest time that one I/O took.
   * @param explainAboveMs after a longer stall, the keeper's log is shown.
   */
  async verifyDuring(name: string, fault: () => Promise<void>, explainAboveMs: number): Promise<number> {
    const stop = new AbortController()
    const since = Date.now()
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
    if (longestMs > explainAboveMs) process.stdout.write(this.#keeperWarnings(since))
    return longestMs
  }

  /** Makes, attaches and deletes one more disk: whoever has to be there for that is there then. */
  async useAnother(name: string): Promise<void> {
    const volume = await createVolume(this.#driver, { name, sizeBytes: SIZE_MIB * MIB, access: 'block' })
    await attachVolume(this.#driver, volume)
    await detachVolume(this.#driver, volume)
    await deleteVolume(this.#driver, volume)
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

  /** What the keeper has said of sessions and workers, to tell where a stall came from. */
  #keeperWarnings(since: number): string {
    const lines = this.deployment
      .logs()
      .split('\n')
      .filter((line) => line.includes('"name":"keeper"'))
    return lines
      .filter((line) => JSON.parse(line).time >= since)
      .map((line) => `  ${line}\n`)
      .join('')
  }

  async #addDisk(name: string): Promise<void> {
    const volume = await createVolume(this.#driver, { name, sizeBytes: SIZE_MIB * MIB, access: 'block' })
    this.#disks.push({ volume, path: await attachVolume(this.#driver, volume) })
  }
}

/** Writes and checks, pass after pass, each with content of its own, until it is told to stop. */
async function writeUntil(file: string, stop: AbortSignal): Promise<number> {
  let longestMs = 0
  for (let seed = Date.now(); !stop.aborted; seed += 1) {
    const figures = await verifyWithFio({ file, sizeMib: SIZE_MIB, seed, iodepth: 4 })
    assert(figures.readMib >= SIZE_MIB, `fio checked only ${figures.readMib} MiB`)
    longestMs = Math.max(longestMs, figures.longestMs)
  }
  return longestMs
}
