import { access, constants } from 'node:fs/promises'
import type { Logger } from 'pino'
import {
  type ChapCredentials,
  type Export,
  type Portal,
  StorageError,
  type Target,
} from '../../../volumegroups/index.ts'
import { createSerializer } from '../../serialize.ts'
import { unstarted, wrongIdentity } from '../refusals.ts'
import { createAccounts } from './accounts.ts'
import { adoptTargets } from './adopt.ts'
import { superviseTgtd, type TgtDaemon } from './daemon.ts'
import { TgtRefusal } from './ipc.ts'
import {
  addLun,
  build,
  type Life,
  newRecord,
  park,
  setCredentials,
  settle,
  type TargetRecord,
  unpark,
} from './projection.ts'
import { showTargets } from './requests.ts'
import { parseTargets } from './show.ts'

export interface TgtOptions {
  /** tgtd's control socket and log; one tgtd for each directory. */
  readonly runDir: string
  readonly portal: { readonly address: string; readonly port: number }
  /** tgtd's worker threads for each LUN. Default 2. */
  readonly threads?: number | undefined
  /** tgtd goes on serving when the target is disposed of; the next one adopts it. */
  readonly leaveRunning?: boolean | undefined
  /** How long a revoke waits for a command that is under way. Default 10 s. */
  readonly fenceTimeoutMs?: number | undefined
  readonly log: Logger
}

const MAX_WAITING = 256

/**
 * The Target on tgtd: one iSCSI target for each (volume group, initiator). What should be served is remembered here
 * and projected into tgtd; when tgtd dies it is started again and everything is projected anew.
 */
export function createTgtTarget(options: TgtOptions): Target {
  return new TgtTarget(options)
}

class TgtTarget implements Target {
  readonly #options: TgtOptions
  readonly #records = new Map<string, TargetRecord>()
  readonly #serialize = createSerializer(MAX_WAITING)
  #daemon: TgtDaemon | undefined
  #life: Life | undefined
  #started = false

  constructor(options: TgtOptions) {
    this.#options = options
  }

  async start(exports: readonly Export[]): Promise<void> {
    const { runDir, portal, threads = 2, log } = this.#options
    const first = this.#daemon === undefined
    this.#daemon ??= await superviseTgtd({
      place: { runDir, portal, threads },
      log,
      restarted: () => void this.#projectAll(),
    })
    if (first) await refusing(async () => this.#adopt(await this.#present(), exports))
    const names = new Set([...this.#records.keys(), ...exports.map(({ targetName }) => targetName)])
    for (const name of names) {
      const wanted = exports.filter(({ targetName }) => targetName === name)
      await this.#alone(name, () => this.#reconcile(name, wanted))
    }
    this.#started = true
  }

  portals(): readonly Portal[] {
    return [{ ...this.#options.portal, groupTag: 1 }]
  }

  async grant(wanted: Export): Promise<void> {
    this.#checkStarted()
    await this.#alone(wanted.targetName, () => this.#serve(wanted))
  }

  async revoke(targetName: string, lun: number): Promise<void> {
    this.#checkStarted()
    await this.#alone(targetName, async () => {
      const record = this.#records.get(targetName)
      if (record === undefined) return
      if (record.luns.delete(lun)) record.leaving.add(lun)
      await this.#refresh(record)
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

  async inventory(): Promise<readonly { readonly targetName: string; readonly luns: readonly number[] }[]> {
    this.#checkStarted()
    const { link } = await this.#present()
    return parseTargets(await refusing(() => link.call(showTargets))).map(({ name, luns }) => ({
      targetName: name,
      luns: luns.map(({ lun }) => lun).sort((a, b) => a - b),
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#started = false
    if (this.#options.leaveRunning) this.#daemon?.leave()
    else await this.#daemon?.stop()
    this.#daemon = undefined
    this.#records.clear()
  }

  #checkStarted(): void {
    if (!this.#started) throw unstarted()
  }

  #alone<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    return this.#serialize(name, () => refusing(task))
  }

  get #fenceTimeoutMs(): number {
    return this.#options.fenceTimeoutMs ?? 10_000
  }

  /** The tgtd that runs now. */
  async #present(): Promise<Life> {
    if (this.#daemon === undefined) throw unstarted()
    const link = await this.#daemon.link()
    if (this.#life?.link !== link) this.#life = { link, accounts: createAccounts(link) }
    return this.#life
  }

  async #adopt(life: Life, exports: readonly Export[]): Promise<void> {
    for (const record of await adoptTargets(life, exports)) this.#records.set(record.name, record)
  }

  /** Brings the record into the tgtd that runs now, and finishes what was revoked. */
  async #refresh(record: TargetRecord): Promise<Life> {
    const life = await this.#present()
    if (record.at?.life === life) await settle(record, this.#fenceTimeoutMs)
    else {
      record.at = undefined
      await this.#dropMissing(record)
      if (record.luns.size > 0) await this.#buildWhole(record, life)
    }
    if (record.at === undefined) this.#records.delete(record.name)
    return life
  }

  /** What can not be served must not keep its neighbours from being served. */
  async #dropMissing(record: TargetRecord): Promise<void> {
    for (const { lun, backingPath } of record.luns.values()) {
      try {
        await access(backingPath, constants.R_OK)
      } catch (err) {
        this.#options.log.error(
          { err, target: record.name, lun },
          'a LUN has no backing file and is not served',
        )
        record.luns.delete(lun)
      }
    }
  }

  async #buildWhole(record: TargetRecord, life: Life): Promise<void> {
    try {
      await build(record, life)
    } catch (error) {
      for (const lun of record.luns.keys()) record.leaving.add(lun)
      const luns = [...record.luns]
      record.luns.clear()
      if (record.at) await settle(record, this.#fenceTimeoutMs).catch(() => {})
      for (const [lun, one] of luns) record.luns.set(lun, one)
      record.at = undefined
      throw error
    }
  }

  async #serve(wanted: Export): Promise<void> {
    this.#checkIdentity(wanted)
    const known = this.#records.get(wanted.targetName)
    const life = known ? await this.#refresh(known) : await this.#present()
    const record = this.#records.get(wanted.targetName)
    if (record) {
      await setCredentials(record, wanted.chap)
      if (!record.luns.has(wanted.lun)) await addLun(record, wanted)
      record.luns.set(wanted.lun, wanted)
    } else {
      const made = newRecord(wanted)
      made.luns.set(wanted.lun, wanted)
      await this.#buildWhole(made, life)
      this.#records.set(made.name, made)
    }
    for (const other of this.#records.values()) {
      if (wanted.chap && other.chap?.user === wanted.chap.user) other.chap = wanted.chap
    }
  }

  #checkIdentity(wanted: Export): void {
    const record = this.#records.get(wanted.targetName)
    const existing = record?.luns.get(wanted.lun)
    if (existing && !sameLun(existing, wanted)) throw wrongIdentity(wanted)
    if (record && record.luns.size > 0 && record.initiatorName !== wanted.initiatorName)
      throw wrongIdentity(wanted)
    for (const other of this.#records.values()) {
      if (other.initiatorName !== wanted.initiatorName && clash(other.chap, wanted.chap)) {
        throw new StorageError('IDENTITY_MISMATCH', 'two initiators have one CHAP user name with two secrets')
      }
    }
  }

  /** Serves exactly these LUNs of one target, whatever it serves now. */
  async #reconcile(name: string, wanted: readonly Export[]): Promise<void> {
    const record = this.#records.get(name)
    for (const one of [...(record?.luns.values() ?? [])]) {
      if (wanted.some((other) => sameLun(one, other) && one.initiatorName === other.initiatorName)) continue
      record?.luns.delete(one.lun)
      record?.leaving.add(one.lun)
    }
    if (record) await this.#refresh(record)
    for (const one of wanted) {
      await this.#serve(one).catch((err) => {
        this.#options.log.error({ err, target: name, lun: one.lun }, 'a LUN can not be served')
      })
    }
  }

  async #projectAll(): Promise<void> {
    const { log } = this.#options
    for (const record of [...this.#records.values()]) {
      await this.#alone(record.name, () => this.#refresh(record)).catch((err) => {
        log.error({ err, target: record.name }, 'a target could not be served again')
      })
    }
    log.info({ targets: this.#records.size }, 'tgtd serves again')
  }

  async #changeParked(exports: readonly Export[], change: () => Promise<void>): Promise<void> {
    const parked: Parked[] = []
    for (const { targetName, lun } of exports) {
      const record = this.#records.get(targetName)
      const one = record?.luns.get(lun)
      if (record && one) parked.push({ record, one })
    }
    const gone = new Set<TargetRecord>()
    try {
      for (const { record, one } of parked) {
        await this.#refresh(record)
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
    const life = await this.#present()
    for (const { record, one } of parked) {
      try {
        if (record.at?.life === life) await unpark(record, gone.has(record) ? one : undefined)
        else await this.#refresh(record)
      } catch (error) {
        record.luns.delete(one.lun)
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

interface Parked {
  readonly record: TargetRecord
  readonly one: Export
}

const sameLun = (a: Export, b: Export): boolean =>
  a.lun === b.lun &&
  a.backingPath === b.backingPath &&
  a.serial === b.serial &&
  a.naa === b.naa &&
  a.readOnly === b.readOnly

/** Whether both have an account of one name with two secrets, which tgtd can not hold. */
function clash(a: ChapCredentials | undefined, b: ChapCredentials | undefined): boolean {
  const accounts = (chap: ChapCredentials | undefined) => [chap, chap?.mutual].flatMap((pair) => pair ?? [])
  return accounts(a).some((one) =>
    accounts(b).some(({ user, secret }) => user === one.user && secret !== one.secret),
  )
}

/** What tgtd's refusal means to the caller. */
async function refusing<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof TgtRefusal)) throw error
    throw new StorageError('TARGET_UNAVAILABLE', 'the iSCSI target daemon refused a change', { cause: error })
  }
}
