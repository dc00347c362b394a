import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CallOptions,
  type Disk,
  type DiskSource,
  type DiskSpec,
  type InitiatorId,
  type RecoveryPoint,
  StorageError,
  type VolumeGroups,
} from '../../src/volumegroups/index.ts'
import { count, type Tally } from './unruly-caller.ts'

const MIB = 1024n ** 2n
const RETRIED = ['unavailable', 'deadline_exceeded', 'busy']

export interface Worker {
  readonly element: VolumeGroups
  readonly name: string
  readonly initiators: readonly InitiatorId[]
  /** A group that disks share; undefined = each has its own. */
  readonly group: string | undefined
  readonly tally: Tally
}

type Step = (call: CallOptions) => Promise<unknown>

/**
 * Makes disks, recovery points and copies, grants, grows and deletes them, one call after another, each with a key of
 * its own until it has succeeded. Can be interrupted at any call, and then takes up the same call.
 */
export class DiskLife {
  readonly #worker: Worker
  #lives = 0
  #calls = 0
  #open: Step[] = []

  constructor(worker: Worker) {
    this.#worker = worker
  }

  async workUntil(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      if (this.#open.length === 0) this.#open = this.#nextLife()
      await this.#attempt(this.#open[0]!)
    }
  }

  /** Goes on to the end of the life that is open. */
  async end(): Promise<void> {
    while (this.#open.length > 0) await this.#attempt(this.#open[0]!)
  }

  async #attempt(step: Step): Promise<void> {
    const { name, tally } = this.#worker
    try {
      const key = { idempotencyKey: `${name}-${this.#calls}` }
      await step(key)
      if (Math.random() < 0.2) await step(key) // the same again
      this.#calls += 1
      this.#open.shift()
      count(tally, 'done')
    } catch (error) {
      if (!(error instanceof StorageError) || !RETRIED.includes(error.kind)) throw error
      count(tally, error.reason)
      await sleep(20)
    }
  }

  #nextLife(): Step[] {
    const { element, initiators } = this.#worker
    this.#lives += 1
    const name = `${this.#worker.name}-${this.#lives}`
    const made: { disk?: Disk; point?: RecoveryPoint; copy?: Disk } = {}
    const initiatorId = initiators[this.#lives % initiators.length]!
    const rights = { initiatorId, readOnly: false, shared: false }
    const size = { requiredBytes: 8n * MIB, limitBytes: undefined }
    const sourceOf = (): DiskSource =>
      this.#lives % 2 === 0
        ? { kind: 'disk', diskId: made.disk!.id }
        : { kind: 'recoveryPoint', recoveryPointId: made.point!.id, diskId: made.disk!.id }
    const copySize = { requiredBytes: 16n * MIB, limitBytes: undefined }
    const endings: Step[] = [
      (call) => element.deleteDisk(made.disk!.id, {}, call),
      (call) => element.deleteDisk(made.copy!.id, {}, call),
      (call) => element.deleteRecoveryPoint(made.point!.id, call),
    ]
    return [
      async (call) => {
        made.disk = await this.#create({ name, size }, call)
      },
      (call) => element.grant({ diskId: made.disk!.id, ...rights }, call),
      async (call) => {
        made.point = await this.#snapshot(`${name}-point`, made.disk!, call)
      },
      (call) => element.growDisk(made.disk!.id, copySize, call),
      async (call) => {
        made.copy = await this.#create({ name: `${name}-copy`, size: copySize, source: sourceOf() }, call)
      },
      (call) => element.grant({ diskId: made.copy!.id, ...rights }, call),
      (call) => element.revoke(made.disk!.id, initiatorId, call),
      (call) => element.revoke(made.copy!.id, undefined, call),
      ...endings.toSorted(() => Math.random() - 0.5),
    ]
  }

  /** There is exactly one of this name then. */
  async #create(part: Pick<DiskSpec, 'name' | 'size' | 'source'>, call: CallOptions): Promise<Disk> {
    const { element, group } = this.#worker
    const choice: DiskSpec['group'] = group === undefined ? { kind: 'own' } : { kind: 'named', name: group }
    const disk = await element.createDisk({ ...part, project: '/', group: choice, attributes: {} }, call)
    const { items } = await element.listDisks({ name: part.name })
    if (items.length !== 1 || items[0]?.id !== disk.id) {
      throw new Error(`${part.name}: ${disk.id} was made, but there are ${items.map(({ id }) => id)}`)
    }
    return disk
  }

  async #snapshot(name: string, { id, groupId }: Disk, call: CallOptions): Promise<RecoveryPoint> {
    const { element } = this.#worker
    const point = await element.createRecoveryPoint({ name, diskIds: [id], grouped: false }, call)
    const { items } = await element.listRecoveryPoints({ groupId })
    const namesakes = items.filter((other) => other.name === name)
    if (namesakes.length !== 1 || namesakes[0]?.id !== point.id) {
      throw new Error(`${name}: ${point.id} was made, but there are ${namesakes.map((other) => other.id)}`)
    }
    return point
  }
}
