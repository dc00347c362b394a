import { setTimeout as delay } from 'node:timers/promises'
import { modeSense10, readCapacity16, reportLuns, testUnitReady, vitalProductData } from './cdb.ts'
import { IscsiError } from './errors.ts'
import type { ScsiCommand, ScsiResult } from './scsi-tasks.ts'
import { describe, judge, STATUS, type Verdict } from './sense.ts'
import type { Session } from './session.ts'

/** A target may hold that many unit attentions for a new session, one told with each command. */
export const MAX_ATTENTIONS = 10
export const RETRY_LATER_MS = 100
/** A minute of "busy" or "becoming ready". */
export const MAX_LATER_RETRIES = 600
/** A write that finds no space: a minute, by default. */
export const MAX_HELD_TRIES = 60
const MAX_CONTROL_RETRIES = 50
const ANSWER_BYTES = 255
const MAX_LUNS = 1024

const CODES = {
  lun_gone: 'lun_gone',
  reservation_conflict: 'reservation_conflict',
  write_protected: 'write_protected',
} as const

export function scsiError(verdict: Verdict, { status, sense }: ScsiResult): IscsiError {
  const code = CODES[verdict as keyof typeof CODES] ?? 'scsi_error'
  return new IscsiError(code, `the target ended a command with ${describe(status, sense)}`, { status, sense })
}

/** Whether the target said that it does not know the command, or a field of it. */
export function isUnsupported(error: unknown): boolean {
  if (!(error instanceof IscsiError) || error.sense === undefined) return false
  return judge(STATUS.checkCondition, error.sense) === 'unsupported'
}

/** What a LUN says about itself. Unit attentions are drained, a busy target waited for. */
export class Lun {
  readonly #session: Session
  readonly #lun: number

  constructor(session: Session, lun: number) {
    this.#session = session
    this.#lun = lun
  }

  async ready(): Promise<void> {
    await this.#run(testUnitReady())
  }

  /** Waits until nothing sent earlier, by whatever session, can still be carried out. */
  async barrier(): Promise<void> {
    await this.#session.resetLun(this.#lun)
  }

  /** Undefined when the LUN has no such page. */
  async page(page: number): Promise<Buffer | undefined> {
    const answer = await this.#ask((bytes) => vitalProductData(page, bytes))
    const isPage = answer !== undefined && answer.length >= 4 && answer[1] === page
    return isPage ? answer.subarray(0, 4 + answer.readUInt16BE(2)) : undefined
  }

  async capacity(): Promise<Buffer> {
    const answer = await this.#ask((bytes) => readCapacity16(bytes))
    if (answer === undefined)
      throw new IscsiError('scsi_error', 'the target does not know READ CAPACITY (16)')
    return answer
  }

  /** Header and page; undefined when the LUN has no such page. */
  modePage(page: number): Promise<Buffer | undefined> {
    return this.#ask((bytes) => modeSense10(page, bytes))
  }

  /** The numbers of the target's LUNs, as far as they are in flat or peripheral form. */
  async siblings(): Promise<number[]> {
    const answer = Buffer.alloc(8 + MAX_LUNS * 8)
    const { residualBytes } = await this.#run(reportLuns(answer.length), answer)
    const listed = Math.min(answer.readUInt32BE(0) / 8, (answer.length - residualBytes - 8) / 8)
    return Array.from(
      { length: Math.floor(listed) },
      (_, index) => answer.readUInt16BE(8 + index * 8) & 0x3fff,
    )
  }

  async #ask(cdb: (allocationBytes: number) => Buffer): Promise<Buffer | undefined> {
    const answer = Buffer.alloc(ANSWER_BYTES)
    try {
      const { residualBytes } = await this.#run(cdb(answer.length), answer)
      return answer.subarray(0, answer.length - residualBytes)
    } catch (error) {
      if (isUnsupported(error)) return undefined
      throw error
    }
  }

  async #run(cdb: Buffer, dataIn?: Buffer): Promise<ScsiResult> {
    const command: ScsiCommand = { lun: this.#lun, cdb, dataIn }
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#session.execute(command)
      const verdict = judge(result.status, result.sense)
      if (verdict === 'good') return result
      const attention =
        verdict === 'retry' || verdict === 'capacity_changed' || verdict === 'identity_in_doubt'
      if (!attention && verdict !== 'retry_later') throw scsiError(verdict, result)
      if (attempt >= (attention ? MAX_ATTENTIONS : MAX_CONTROL_RETRIES)) throw scsiError(verdict, result)
      if (!attention) await delay(RETRY_LATER_MS)
    }
  }
}
