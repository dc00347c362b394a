/** Sense data (SPC-5 §4.4): why a command ended in CHECK CONDITION. */
export interface Sense {
  readonly key: number
  readonly asc: number
  readonly ascq: number
  /** About an earlier command that had been reported as good. */
  readonly deferred: boolean
}

export const STATUS = {
  good: 0x00,
  checkCondition: 0x02,
  busy: 0x08,
  reservationConflict: 0x18,
  taskSetFull: 0x28,
  aborted: 0x40,
} as const

const KEY = {
  notReady: 2,
  medium: 3,
  illegalRequest: 5,
  unitAttention: 6,
  dataProtect: 7,
  aborted: 0xb,
} as const

/** From the data segment of a SCSI Response: a 16-bit length, then the sense bytes. Undefined when there are none. */
export function parseSense(data: Uint8Array): Sense | undefined {
  if (data.length < 2) return undefined
  const bytes = data.subarray(2, 2 + ((data[0]! << 8) | data[1]!))
  const format = (bytes[0] ?? 0) & 0x7f
  const deferred = (format & 1) === 1
  if ((format === 0x70 || format === 0x71) && bytes.length >= 3) {
    return { key: bytes[2]! & 0xf, asc: bytes[12] ?? 0, ascq: bytes[13] ?? 0, deferred }
  }
  if ((format === 0x72 || format === 0x73) && bytes.length >= 4) {
    return { key: bytes[1]! & 0xf, asc: bytes[2]!, ascq: bytes[3]!, deferred }
  }
  return undefined
}

const hex = (value: number): string => value.toString(16).padStart(2, '0')

export function describe(status: number, sense: Sense | undefined): string {
  return sense
    ? `status ${hex(status)}, sense ${sense.key}/${hex(sense.asc)}/${hex(sense.ascq)}`
    : `status ${hex(status)}`
}

/** What to do about the end of a command. */
export type Verdict =
  | 'good'
  /** Unit attention: the target has told its news; the same command now works. */
  | 'retry'
  /** Busy for a moment. */
  | 'retry_later'
  /** The size changed; retry, then ask for it. */
  | 'capacity_changed'
  /** The LUN may be another one now: check its identity before anything else. */
  | 'identity_in_doubt'
  | 'lun_gone'
  | 'reservation_conflict'
  | 'write_protected'
  /** A thin disk's pool is full. */
  | 'out_of_space'
  /** Broken, or, by what tgt says, full. */
  | 'medium_error'
  /** The command, or a field of it, is not supported. */
  | 'unsupported'
  | 'failed'

/** The status alone decides whether it is good: some targets attach sense to good ones. */
export function judge(status: number, sense: Sense | undefined): Verdict {
  if (status === STATUS.good) return 'good'
  if (status === STATUS.busy || status === STATUS.taskSetFull || status === STATUS.aborted)
    return 'retry_later'
  if (status === STATUS.reservationConflict) return 'reservation_conflict'
  if (status !== STATUS.checkCondition || sense === undefined || sense.deferred) return 'failed'
  return judgeSense(sense)
}

function judgeSense({ key, asc, ascq }: Sense): Verdict {
  if (asc === 0x25 && key === KEY.illegalRequest) return 'lun_gone'
  if (key === KEY.unitAttention) return judgeUnitAttention(asc, ascq)
  if (key === KEY.notReady) return asc === 0x3a ? 'failed' : 'retry_later'
  if (key === KEY.aborted) return 'retry_later'
  if (key === KEY.dataProtect) return asc === 0x27 && ascq === 0x07 ? 'out_of_space' : 'write_protected'
  if (key === KEY.medium) return 'medium_error'
  if (key === KEY.illegalRequest && (asc === 0x20 || asc === 0x24 || asc === 0x26)) return 'unsupported'
  return 'failed'
}

/** News of reservations (2A/03 to 2A/05) needs no answer: who is locked out is told so by the status of each command. */
function judgeUnitAttention(asc: number, ascq: number): Verdict {
  if (asc === 0x2a && ascq === 0x09) return 'capacity_changed'
  if (asc === 0x3f) return 'identity_in_doubt'
  return 'retry'
}
