import type { Logger } from 'pino'
import type { ChapCredentials, Export, Portal, ServedTarget, Target } from '../../../volumegroups/index.ts'
import type { Sentinel } from '../../sentinel/sentinel.ts'
import { createSerializer } from '../../serialize.ts'
import { unstarted } from '../refusals.ts'
import { Accounts } from './accounts.ts'
import { adoptTargets } from './adopt.ts'
import { superviseTgtd, type TgtDaemon } from './daemon.ts'
import { closeSessions, type Place } from './fence.ts'
import { refusing } from './ipc.ts'
import { hold, release } from './pause.ts'
import { type Life, park, type TargetRecord, unpark } from './projection.ts'
import { Records } from './records.ts'
import { endTarget } from './remake.ts'
import { showTargets } from './requests.ts'
import { parseTargets, type ShownTarget } from './show.ts'

export interface TgtOptions {
  /** tgtd's control socket and log; one tgtd for each directory. */
  readonly runDir: string
  readonly portal: { readonly address: string; readonly port: number }
  /** tgtd's worker threads for each LUN. Default 2. */
  readonly threads?: number | undefined
  /** tgtd goes on serving when the target is disposed of; the next one adopts it. */
  readonly leaveRunning?: boolean | undefined
  /** Ends tgtd when the element's authority does. Left out: it serves until it is told to stop. */
  readonly sentinel?: Sentinel | undefined
  /** How long a revoke waits for a command that is under way. Default 10 s. */
  readonly fenceTimeoutMs?: number | undefined
  readonly log: Logger
}

const MAX_WAITING = 256
const DEFAULT_THREADS = 2
const DEFAULT_FENCE_TIMEOUT_MS = 10_000

/**
 * The Target on tgtd: one iSCSI target for each (volume group, initiator). What should be served is remembered here
 * and projected into tgtd; when tgtd dies it is started again and everything is projected anew.
 */
export function createTgtTarget(options: TgtOptions): Target {
  return new TgtTarget(options)
}

class TgtTarget implements Target {
  readonly #options: TgtOptions
  readonly #fenceTimeoutMs: number
  readonly #records: Records
  readonly #serialize = createSerializer(MAX_WAITING)
  #daemon: TgtDaemon | undefined
  #life: Life | undefined
  #started = false
  #paused = false
  /** The targets that are worked on, and by how many calls: one that is just being made is in no record yet. */
  readonly #working = new Map<string, number>()

  constructor(options: TgtOptions) {
    this.#options = options
    this.#fenceTimeoutMs = options.fenceTimeoutMs ?? DEFAULT_FENCE_TIMEOUT_MS
    const present = () => this.#present()
    this.#records = new Records({ present, fenceTimeoutMs: this.#fenceTimeoutMs, log: options.log })
  }

  async start(exports: readonly Export[]): Promise<void> {
    const { runDir, portal, threads = DEFAULT_THREADS, sentinel, log } = this.#options
    if (this.#daemon === undefined) {
      const restarted = () => void this.#projectAll()
      const place = { runDir, portal, threads, sentinel }
      this.#daemon = await superviseTgtd({ place, log, restarted })
      this.#records.add(await refusing(async () => adoptTargets(await this.#present(), exports)))
      if (this.#paused) await this.#onEach((place) => hold(place, this.#fenceTimeoutMs))
    }
    const names = new Set([...this.#records.names(), ...exports.map(({ targetName }) => targetName)])
    for (const name of names) {
      const wanted = exports.filter(({ targetName }) => targetName === name)
      await this.#alone(name, () => this.#records.reconcile(name, wanted))
    }
    this.#started = true
  }

  portals(): readonly Portal[] {
    return [{ ...this.#options.portal, groupTag: 1 }]
  }

  isServing(): boolean {
    return this.#daemon?.isAlive ?? false
  }

  async grant(wanted: Export): Promise<void> {
    this.#checkStarted()
    await this.#alone(wanted.targetName, () => this.#records.serve(wanted))
  }

  async revoke(targetName: string, lun: number): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, () => this.#records.withdraw(targetName, lun))
  }

  async protect(targetName: string, lun: number): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, () => this.#records.protect(targetName, lun))
  }

  async disconnect(targetName: string, chap: ChapCredentials | undefined): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, async () => {
      const at = (await this.#records.admitWith(targetName, chap))?.at
      if (at) await closeSessions({ link: at.life.link, tid: at.tid })
    })
  }

  async resize(exports: readonly Export[], change: () => Promise<void>): Promise<void> {
    this.#checkStarted()
    const names = [...new Set(exports.map(({ targetName }) => targetName))].sort() // one order for all: no deadlock
    const locked = names.reduce<() => Promise<void>>(
      (task, name) => () => this.#alone(name, task),
      () => this.#changeParked(exports, change),
    )
    await locked()
  }

  async pause(): Promise<void> {
    this.#paused = true
    await this.#onEach((place) => hold(place, this.#fenceTimeoutMs))
  }

  async resume(): Promise<void> {
    this.#paused = false
    await this.#onEach(release)
  }

  async inventory(): Promise<readonly { readonly targetName: string; readonly luns: readonly number[] }[]> {
    this.#checkStarted()
    return (await this.#shown()).map(({ name, luns }) => ({
      targetName: name,
      luns: luns.map(({ lun }) => lun).sort((a, b) => a - b),
    }))
  }

  async inspect(): Promise<readonly ServedTarget[]> {
    this.#checkStarted()
    return (await this.#shown()).map(({ name, initiators, incoming, luns }) => ({
      ...{ targetName: name, admitted: initiators, users: incoming },
      luns: luns.map(({ lun, backingPath, serial, readOnly }) => ({ lun, backingPath, serial, readOnly })),
    }))
  }

  async remake(targetName: string, exports: readonly Export[]): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, async () => {
      await endTarget(await this.#present(), targetName, this.#fenceTimeoutMs)
      this.#records.forget(targetName)
      for (const one of exports) await this.#records.serve(one)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#started = false
    if (this.#options.leaveRunning) this.#daemon?.leave()
    else await this.#daemon?.stop()
    this.#daemon = undefined
  }

  #checkStarted(): void {
    if (!this.#started) throw unstarted()
  }

  async #alone<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    this.#working.set(name, (this.#working.get(name) ?? 0) + 1)
    try {
      return await this.#serialize(name, () => refusing(task))
    } finally {
      const left = (this.#working.get(name) ?? 0) - 1
      if (left > 0) this.#working.set(name, left)
      else this.#working.delete(name)
    }
  }

  /** Each target that tgtd has; one that fails keeps no other from it. */
  async #onEach(task: (place: Place) => Promise<void>): Promise<void> {
    const names = new Set([...this.#records.names(), ...this.#working.keys()])
    const tries = [...names].map((name) =>
      this.#alone(name, async () => {
        const at = this.#records.get(name)?.at
        if (at) await task({ link: at.life.link, tid: at.tid })
      }),
    )
    const failed = (await Promise.allSettled(tries)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  /** By one request that only reads. */
  async #shown(): Promise<readonly ShownTarget[]> {
    const { link } = await this.#present()
    return parseTargets(await refusing(() => link.call(showTargets)))
  }

  /** The tgtd that runs now. */
  async #present(): Promise<Life> {
    if (this.#daemon === undefined) throw unstarted()
    const link = await this.#daemon.link()
    if (this.#life?.link !== link)
      this.#life = { link, accounts: new Accounts(link), isPaused: () => this.#paused }
    return this.#life
  }

  async #projectAll(): Promise<void> {
    const { log } = this.#options
    for (const name of this.#records.names()) {
      await this.#alone(name, () => this.#records.refresh(name)).catch((err) => {
        log.error({ err, target: name }, 'a target could not be served again')
      })
    }
    log.info({ targets: this.#records.names().length }, 'tgtd serves again')
  }

  async #changeParked(exports: readonly Export[], change: () => Promise<void>): Promise<void> {
    const parked = exports.flatMap(({ targetName, lun }) => {
      const record = this.#records.get(targetName)
      const one = record?.luns.get(lun)
      return record && one ? [{ record, one }] : []
    })
    const gone = new Set<TargetRecord>()
    try {
      for (const { record, one } of parked) {
        if (!(await this.#records.refresh(record.name))) continue
        await park(record, one.lun, this.#fenceTimeoutMs)
        gone.add(record)
      }
      await change()
    } finally {
      await this.#endParking(parked, gone)
    }
  }

  /** Every target is served again, whatever happens to the others. */
  async #endParking(parked: readonly Parked[], gone: ReadonlySet<TargetRecord>): Promise<void> {
    const failures: unknown[] = []
    for (const { record, one } of parked) {
      try {
        const life = await this.#present()
        if (record.at?.life === life) await unpark(record, gone.has(record) ? one : undefined)
        else await this.#records.refresh(record.name)
      } catch (error) {
        // One that refuses must not be taken to serve it. One that has ended gets all of it when it is started again.
        if (await answers(record)) record.luns.delete(one.lun)
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** Whether the tgtd that the target was last in still runs. */
async function answers({ at }: TargetRecord): Promise<boolean> {
  try {
    await at?.life.link.call(showTargets)
    return at !== undefined
  } catch {
    return false
  }
}

interface Parked {
  readonly record: TargetRecord
  readonly one: Export
}
