import { protocolError } from './errors.ts'
import { NO_TAG, type Sequence } from './pdu.ts'
import { isAfter, nextSerial } from './serial-number.ts'

/** All sequence numbers of a session: what to send next, what may be sent, and what must come next. */
export class CommandWindow {
  #cmdSn: number
  #maxCmdSn: number
  #expStatSn: number
  #lastItt = NO_TAG

  constructor(start: { cmdSn: number; maxCmdSn: number; expStatSn: number }) {
    this.#cmdSn = start.cmdSn
    this.#maxCmdSn = start.maxCmdSn
    this.#expStatSn = start.expStatSn
  }

  /** Whether the target takes another command. */
  get open(): boolean {
    return !isAfter(this.#cmdSn, this.#maxCmdSn)
  }

  get expStatSn(): number {
    return this.#expStatSn
  }

  /** Numbers for a command, which uses up a place in the window. */
  next(): Sequence {
    const sequence = this.immediate()
    this.#cmdSn = nextSerial(this.#cmdSn)
    return sequence
  }

  /** Numbers for an immediate request, which does not. */
  immediate(): Sequence {
    this.#lastItt = nextSerial(this.#lastItt)
    if (this.#lastItt === NO_TAG) this.#lastItt = 0
    return { itt: this.#lastItt, cmdSn: this.#cmdSn, expStatSn: this.#expStatSn }
  }

  /** Numbers for an answer that itself wants none. */
  untagged(): Sequence {
    return { itt: NO_TAG, cmdSn: this.#cmdSn, expStatSn: this.#expStatSn }
  }

  /** RFC 7143 §4.2.2.1: every PDU from the target moves the window, and an older one never moves it back. */
  update(bhs: Buffer): void {
    const expCmdSn = bhs.readUInt32BE(28)
    const maxCmdSn = bhs.readUInt32BE(32)
    if (isAfter(expCmdSn, this.#cmdSn)) throw protocolError('the target expects a command that was not sent')
    if (isAfter((expCmdSn - 1) >>> 0, maxCmdSn)) return
    if (isAfter(maxCmdSn, this.#maxCmdSn)) this.#maxCmdSn = maxCmdSn
  }

  /** A gap means that a status was lost; at error recovery level 0 only a new session cures that. */
  acceptStatus(bhs: Buffer): void {
    const statSn = bhs.readUInt32BE(24)
    if (statSn !== this.#expStatSn)
      throw protocolError(`the target sent StatSN ${statSn} instead of ${this.#expStatSn}`)
    this.#expStatSn = nextSerial(statSn)
  }
}
