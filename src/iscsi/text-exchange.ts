import { IscsiError } from './errors.ts'
import { CONTINUE, FINAL, NO_TAG, type TextFields } from './pdu.ts'
import { decodePairs, encodeKeys, type KeyValue } from './text-keys.ts'

/** Of one answer: room for thousands of targets. */
const MAX_ANSWER_BYTES = 1024 * 1024
const MAX_PARTS = 1024

/** One text request and its answer, which the target may spread over many PDUs (RFC 7143 §11.10). */
export class TextExchange {
  /** The PDU to send now; undefined when the answer is complete. */
  next: { readonly fields: TextFields; readonly text: Buffer } | undefined
  #parts: Buffer[] = []
  #bytes = 0

  constructor(keys: readonly KeyValue[]) {
    this.next = { fields: { transferTag: NO_TAG, final: true }, text: encodeKeys(keys) }
  }

  receive(bhs: Buffer, data: Buffer): void {
    this.#bytes += data.length
    this.#parts.push(Buffer.from(data))
    if (this.#bytes > MAX_ANSWER_BYTES || this.#parts.length > MAX_PARTS) {
      throw new IscsiError('limit_exceeded', 'the target sent a text without end')
    }
    const flags = bhs[1]!
    const transferTag = bhs.readUInt32BE(20)
    const complete = (flags & CONTINUE) === 0 && ((flags & FINAL) !== 0 || transferTag === NO_TAG)
    this.next = complete ? undefined : { fields: { transferTag, final: true }, text: Buffer.alloc(0) }
  }

  pairs(): KeyValue[] {
    return decodePairs(Buffer.concat(this.#parts))
  }
}
