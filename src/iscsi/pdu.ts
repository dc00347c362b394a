/** Layout of the iSCSI PDUs (RFC 7143 §11): what an initiator sends is encoded here, what it receives is read by offset. */

export const BHS_BYTES = 48
/** "No tag": of an unsolicited PDU, or of one that wants no answer. */
export const NO_TAG = 0xffffffff

export const OPCODE = {
  nopOut: 0x00,
  scsiCommand: 0x01,
  taskManagement: 0x02,
  login: 0x03,
  text: 0x04,
  dataOut: 0x05,
  logout: 0x06,
  nopIn: 0x20,
  scsiResponse: 0x21,
  taskManagementResponse: 0x22,
  loginResponse: 0x23,
  textResponse: 0x24,
  dataIn: 0x25,
  logoutResponse: 0x26,
  r2t: 0x31,
  asyncMessage: 0x32,
  reject: 0x3f,
} as const

export const IMMEDIATE = 0x40
export const FINAL = 0x80

export const TASK_FUNCTION = { abortTask: 1, lunReset: 5 } as const

/** Flags of Data-In and SCSI Response. */
export const RESIDUAL_OVERFLOW = 0x04
export const RESIDUAL_UNDERFLOW = 0x02
export const HAS_STATUS = 0x01

/** Bits of byte 1 of a Login or Text PDU. */
export const TRANSIT = 0x80
export const CONTINUE = 0x40

const READ = 0x40
const WRITE = 0x20
const SIMPLE = 0x01

export const opcodeOf = (bhs: Buffer): number => bhs[0]! & 0x3f
export const dataLengthOf = (bhs: Buffer): number => (bhs[5]! << 16) | (bhs[6]! << 8) | bhs[7]!
export const ittOf = (bhs: Buffer): number => bhs.readUInt32BE(16)

/** What each request of an established session carries. */
export interface Sequence {
  readonly itt: number
  readonly cmdSn: number
  readonly expStatSn: number
}

function request(opcode: number, flags: number, sequence: Sequence): Buffer {
  const bhs = Buffer.allocUnsafe(BHS_BYTES).fill(0)
  bhs[0] = opcode
  bhs[1] = flags
  bhs.writeUInt32BE(sequence.itt, 16)
  bhs.writeUInt32BE(sequence.cmdSn, 24)
  bhs.writeUInt32BE(sequence.expStatSn, 28)
  return bhs
}

/** SAM-5 §4.7: a number below 256 in peripheral form, others in flat form. */
function writeLun(bhs: Buffer, lun: number): void {
  bhs.writeUInt16BE(lun < 256 ? lun : 0x4000 | lun, 8)
}

export interface ScsiCommandFields {
  readonly lun: number
  readonly cdb: Uint8Array
  readonly reads: boolean
  readonly writes: boolean
  readonly transferBytes: number
  /** No unsolicited Data-Out follows. */
  readonly final: boolean
}

export function encodeScsiCommand(sequence: Sequence, fields: ScsiCommandFields): Buffer {
  const flags = (fields.final ? FINAL : 0) | (fields.reads ? READ : 0) | (fields.writes ? WRITE : 0) | SIMPLE
  const bhs = request(OPCODE.scsiCommand, flags, sequence)
  writeLun(bhs, fields.lun)
  bhs.writeUInt32BE(fields.transferBytes, 20)
  bhs.set(fields.cdb, 32)
  return bhs
}

export interface DataOutFields {
  readonly itt: number
  readonly lun: number
  readonly transferTag: number
  readonly expStatSn: number
  readonly dataSn: number
  readonly offset: number
  readonly final: boolean
}

/** Data-Out has no CmdSN: it belongs to a command that has one. */
export function encodeDataOut(fields: DataOutFields): Buffer {
  const sequence = { itt: fields.itt, cmdSn: 0, expStatSn: fields.expStatSn }
  const bhs = request(OPCODE.dataOut, fields.final ? FINAL : 0, sequence)
  writeLun(bhs, fields.lun)
  bhs.writeUInt32BE(fields.transferTag, 20)
  bhs.writeUInt32BE(fields.dataSn, 36)
  bhs.writeUInt32BE(fields.offset, 40)
  return bhs
}

export interface TaskManagementFields {
  readonly fn: number
  readonly lun: number
  /** Of the task concerned; NO_TAG when it is the LUN. */
  readonly refItt: number
  readonly refCmdSn: number
}

export function encodeTaskManagement(sequence: Sequence, fields: TaskManagementFields): Buffer {
  const bhs = request(OPCODE.taskManagement | IMMEDIATE, FINAL | fields.fn, sequence)
  writeLun(bhs, fields.lun)
  bhs.writeUInt32BE(fields.refItt, 20)
  bhs.writeUInt32BE(fields.refCmdSn, 32)
  return bhs
}

export function encodePing(sequence: Sequence): Buffer {
  const bhs = request(OPCODE.nopOut | IMMEDIATE, FINAL, sequence)
  bhs.writeUInt32BE(NO_TAG, 20)
  return bhs
}

/** The answer to the target's ping: its tag and LUN go back as they came. */
export function encodePong(sequence: Sequence, nopIn: Buffer): Buffer {
  const bhs = request(OPCODE.nopOut | IMMEDIATE, FINAL, sequence)
  nopIn.copy(bhs, 8, 8, 16)
  nopIn.copy(bhs, 20, 20, 24)
  return bhs
}

/** Closes the session. */
export const encodeLogout = (sequence: Sequence): Buffer =>
  request(OPCODE.logout | IMMEDIATE, FINAL, sequence)

export interface TextFields {
  /** From the target's answer before; NO_TAG in the first request. */
  readonly transferTag: number
  readonly final: boolean
}

export function encodeText(sequence: Sequence, fields: TextFields): Buffer {
  const bhs = request(OPCODE.text | IMMEDIATE, fields.final ? FINAL : 0, sequence)
  bhs.writeUInt32BE(fields.transferTag, 20)
  return bhs
}

export interface LoginFields {
  readonly isid: Uint8Array
  readonly stage: number
  readonly nextStage: number
  readonly transit: boolean
  readonly more: boolean
}

export function encodeLogin(sequence: Sequence, fields: LoginFields): Buffer {
  const stages = (fields.stage << 2) | (fields.transit ? fields.nextStage : 0)
  const flags = (fields.transit ? TRANSIT : 0) | (fields.more ? CONTINUE : 0) | stages
  const bhs = request(OPCODE.login | IMMEDIATE, flags, sequence)
  bhs.set(fields.isid, 8)
  return bhs
}
