import { access, constants } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { ChapCredentials, Export } from '../../../volumegroups/index.ts'
import { checkIdentity, sameLun } from './identity.ts'
import {
  addLun,
  build,
  type Life,
  newRecord,
  setCredentials,
  setProtection,
  settle,
  type TargetRecord,
} from './projection.ts'

export interface RecordsOptions {
  /** The tgtd that runs now. */
  readonly present: () => Promise<Life>
  readonly fenceTimeoutMs: number
  readonly log: Logger
}

/** What should be served, and the steps that make tgtd serve it. Its caller lets one call work on a target at a time. */
export class Records {
  readonly #options: RecordsOptions
  readonly #records = new Map<string, TargetRecord>()

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  get(name: string): TargetRecord | undefined {
    return this.#records.get(name)
  }

  names(): readonly string[] {
    return [...this.#records.keys()]
  }

  add(records: readonly TargetRecord[]): void {
    for (const record of records) this.#records.set(record.name, record)
  }

  /** It is not in tgtd any more. */
  forget(name: string): void {
    this.#records.delete(name)
  }

  /** Brings the target into the tgtd that runs now, and finishes what was withdrawn. Undefined when nothing is left. */
  async refresh(name: string): Promise<TargetRecord | undefined> {
    const record = this.#records.get(name)
    if (record === undefined) return undefined
    const life = await this.#options.present()
    if (record.at?.life === life) await settle(record, this.#options.fenceTimeoutMs)
    else {
      record.at = undefined
      await this.#dropMissing(record)
      if (record.luns.size > 0) await this.#buildWhole(record, life)
    }
    if (record.at === undefined) this.#records.delete(name)
    return this.#records.get(name)
  }

  async serve(wanted: Export): Promise<void> {
    checkIdentity(wanted, this.#records)
    const record = await this.refresh(wanted.targetName)
    if (record) {
      await setCredentials(record, wanted.chap)
      if (!record.luns.has(wanted.lun)) await addLun(record, wanted)
      else if (record.protected.has(wanted.lun)) await setProtection(record, wanted, false)
      record.luns.set(wanted.lun, wanted)
    } else {
      const made = newRecord(wanted)
      made.luns.set(wanted.lun, wanted)
      await this.#buildWhole(made, await this.#options.present())
      this.#records.set(made.name, made)
    }
    this.#spread(wanted.chap)
  }

  /** These credentials, and no others, are good for the target from now on. */
  async admitWith(name: string, chap: ChapCredentials | undefined): Promise<TargetRecord | undefined> {
    const record = await this.refresh(name)
    if (record) await setCredentials(record, chap)
    this.#spread(chap)
    return record
  }

  /** tgtd has one secret for each user name. */
  #spread(chap: ChapCredentials | undefined): void {
    for (const other of this.#records.values()) {
      if (chap && other.chap?.user === chap.user) other.chap = chap
    }
  }

  /** It is not forgotten that the LUN has to go, whatever happens on the way. */
  async withdraw(name: string, lun: number): Promise<void> {
    const record = this.#records.get(name)
    if (record?.luns.delete(lun)) record.leaving.add(lun)
    record?.protected.delete(lun)
    await this.refresh(name)
  }

  async protect(name: string, lun: number): Promise<void> {
    const record = await this.refresh(name)
    const one = record?.luns.get(lun)
    if (record && one) await setProtection(record, one, true)
  }

  /** Serves exactly these LUNs of one target, whatever it serves now. */
  async reconcile(name: string, wanted: readonly Export[]): Promise<void> {
    const record = this.#records.get(name)
    for (const one of [...(record?.luns.values() ?? [])]) {
      if (wanted.some((other) => sameLun(one, other) && record?.initiatorName === other.initiatorName))
        continue
      record?.luns.delete(one.lun)
      record?.leaving.add(one.lun)
    }
    await this.refresh(name)
    for (const one of wanted) {
      await this.serve(one).catch((err) => {
        this.#options.log.error({ err, target: name, lun: one.lun }, 'a LUN can not be served')
      })
    }
  }

  /** What can not be served must not keep its neighbours from being served. */
  async #dropMissing(record: TargetRecord): Promise<void> {
    for (const { lun, backingPath } of [...record.luns.values()]) {
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

  /** Builds the target, or leaves nothing of it in tgtd. */
  async #buildWhole(record: TargetRecord, life: Life): Promise<void> {
    try {
      await build(record, life)
    } catch (error) {
      const half = { ...record, luns: new Map(), leaving: new Set(record.luns.keys()) }
      if (half.at) await settle(half, this.#options.fenceTimeoutMs).catch(() => {})
      record.at = undefined
      throw error
    }
  }
}
