import { protocolError } from './errors.ts'
import type { KeyValue } from './text-keys.ts'

/** What this side would like; the target may make it less (RFC 7143 §13). */
export interface Offer {
  /** True: CRC32C if the target can. */
  readonly headerDigest: boolean
  readonly dataDigest: boolean
  /** Largest data segment this side takes. */
  readonly maxReceiveBytes: number
  readonly initialR2t: boolean
  readonly immediateData: boolean
  readonly firstBurstBytes: number
  readonly maxBurstBytes: number
  readonly maxOutstandingR2t: number
}

export const DEFAULT_OFFER: Offer = {
  headerDigest: false,
  dataDigest: false,
  maxReceiveBytes: 256 * 1024,
  initialR2t: false,
  immediateData: true,
  firstBurstBytes: 256 * 1024,
  maxBurstBytes: 1024 * 1024,
  maxOutstandingR2t: 1,
}

/** What holds for the session. */
export interface SessionParameters extends Offer {
  /** Largest data segment the target takes. */
  readonly maxSendBytes: number
}

/** Applies to both directions until a larger one is declared. */
export const DEFAULT_SEGMENT_BYTES = 8192
const MAX_SEGMENT_BYTES = 2 ** 24 - 1
const MIN_SEGMENT_BYTES = 512
const SECONDS_TO_WAIT = 2

const yesNo = (value: boolean): string => (value ? 'Yes' : 'No')
const digests = (wanted: boolean): string => (wanted ? 'CRC32C,None' : 'None')

/** The keys to send. A discovery session moves no SCSI data, so it has no keys about that. */
export function offeredKeys(offer: Offer, discovery: boolean): KeyValue[] {
  const common: KeyValue[] = [
    ['HeaderDigest', digests(offer.headerDigest)],
    ['DataDigest', digests(offer.dataDigest)],
    ['MaxRecvDataSegmentLength', String(offer.maxReceiveBytes)],
    ['DefaultTime2Wait', String(SECONDS_TO_WAIT)],
    ['DefaultTime2Retain', '0'],
    ['ErrorRecoveryLevel', '0'],
  ]
  if (discovery) return common
  return [
    ...common,
    ['InitialR2T', yesNo(offer.initialR2t)],
    ['ImmediateData', yesNo(offer.immediateData)],
    ['FirstBurstLength', String(offer.firstBurstBytes)],
    ['MaxBurstLength', String(offer.maxBurstBytes)],
    ['MaxOutstandingR2T', String(offer.maxOutstandingR2t)],
    ['MaxConnections', '1'],
    ['DataPDUInOrder', 'Yes'],
    ['DataSequenceInOrder', 'Yes'],
  ]
}

/** Keys that a target declares and that want no answer. */
export const DECLARED_BY_TARGET: ReadonlySet<string> = new Set([
  'TargetAlias',
  'TargetAddress',
  'TargetPortalGroupTag',
  'MaxRecvDataSegmentLength',
])

/** Combines the offer with the target's answers. An answer outside what was offered is a protocol error. */
export function settle(offer: Offer, answers: ReadonlyMap<string, string>): SessionParameters {
  const answer = new Answers(answers)
  answer.exactly('ErrorRecoveryLevel', 0)
  answer.exactly('MaxConnections', 1)
  answer.bool('DataPDUInOrder', true, true)
  answer.bool('DataSequenceInOrder', true, true)
  const maxBurstBytes = answer.least('MaxBurstLength', offer.maxBurstBytes, MIN_SEGMENT_BYTES)
  const firstBurstBytes = answer.least('FirstBurstLength', offer.firstBurstBytes, MIN_SEGMENT_BYTES)
  return {
    headerDigest: answer.digest('HeaderDigest', offer.headerDigest),
    dataDigest: answer.digest('DataDigest', offer.dataDigest),
    maxReceiveBytes: offer.maxReceiveBytes,
    maxSendBytes:
      answer.number('MaxRecvDataSegmentLength', MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES) ??
      DEFAULT_SEGMENT_BYTES,
    initialR2t: answer.bool('InitialR2T', offer.initialR2t, true),
    immediateData: answer.bool('ImmediateData', offer.immediateData, false),
    maxBurstBytes,
    firstBurstBytes: Math.min(firstBurstBytes, maxBurstBytes),
    maxOutstandingR2t: answer.least('MaxOutstandingR2T', offer.maxOutstandingR2t, 1),
  }
}

const NO_ANSWER: ReadonlySet<string | undefined> = new Set([
  undefined,
  'Reject',
  'Irrelevant',
  'NotUnderstood',
])

class Answers {
  readonly #answers: ReadonlyMap<string, string>

  constructor(answers: ReadonlyMap<string, string>) {
    this.#answers = answers
  }

  /** Undefined when the target would not say. */
  #value(key: string): string | undefined {
    const value = this.#answers.get(key)
    return NO_ANSWER.has(value) ? undefined : value
  }

  number(key: string, min: number, max: number): number | undefined {
    const text = this.#value(key)
    if (text === undefined) return undefined
    if (!/^(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text)) throw badValue(key)
    const value = Number(text)
    if (value < min || value > max) throw badValue(key)
    return value
  }

  /** The smaller of both wins; a target that does not answer has agreed to nothing larger than was offered. */
  least(key: string, offered: number, min: number): number {
    return Math.min(offered, this.number(key, min, MAX_SEGMENT_BYTES) ?? offered)
  }

  exactly(key: string, wanted: number): void {
    if ((this.number(key, 0, MAX_SEGMENT_BYTES) ?? wanted) !== wanted) throw badValue(key)
  }

  /** `strong` is the value that wins whichever side asks for it. */
  bool(key: string, offered: boolean, strong: boolean): boolean {
    const text = this.#value(key)
    if (text === undefined) return strong
    if (text !== 'Yes' && text !== 'No') throw badValue(key)
    const answered = text === 'Yes'
    if (offered === strong && answered !== strong) throw badValue(key)
    return answered
  }

  digest(key: string, offered: boolean): boolean {
    const text = this.#value(key) ?? 'None'
    if (text === 'CRC32C' && offered) return true
    if (text !== 'None') throw badValue(key)
    return false
  }
}

const badValue = (key: string) =>
  protocolError(`the target answered ${key} with a value that was not on offer`)
