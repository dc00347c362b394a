import { IscsiError, protocolError } from './errors.ts'
import { ittOf } from './pdu.ts'

/** A request other than a SCSI command. */
export interface Transaction {
  /** Of the answer. */
  readonly opcode: number
  readonly deadline: number
  readonly what: string
  /** Buffers are valid only during the call. */
  readonly onReply: (bhs: Buffer, data: Buffer) => void
  readonly onError: (error: IscsiError) => void
}

/** The requests of a session that are answered by exactly one PDU: task management, text, logout, ping. */
export class Transactions {
  readonly #open = new Map<number, Transaction>()

  add(itt: number, transaction: Transaction): void {
    this.#open.set(itt, transaction)
  }

  answer(opcode: number, bhs: Buffer, data: Buffer): void {
    const itt = ittOf(bhs)
    const transaction = this.#open.get(itt)
    if (transaction?.opcode !== opcode)
      throw protocolError('the target answered a request that is not under way')
    this.#open.delete(itt)
    transaction.onReply(bhs, data)
  }

  expire(now: number): void {
    for (const [itt, { deadline, what, onError }] of this.#open) {
      if (now < deadline) continue
      this.#open.delete(itt)
      onError(new IscsiError('timed_out', `the target did not answer ${what} in time`))
    }
  }

  failAll(error: IscsiError): void {
    const all = [...this.#open.values()]
    this.#open.clear()
    for (const { onError } of all) onError(error)
  }
}
