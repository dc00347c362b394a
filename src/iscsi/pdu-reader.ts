import { crc32c } from './crc32c.ts'
import { IscsiError } from './errors.ts'
import { BHS_BYTES, dataLengthOf } from './pdu.ts'

/** An AHS is not expected from a target at all; what is longer than this is not skipped but refused. */
const MAX_AHS_BYTES = 256
const DIGEST_BYTES = 4
const NOTHING = Buffer.alloc(0)

/** Where the data of a PDU is to go. */
export interface Placement {
  readonly into: Uint8Array
  readonly offset: number
}

/** Takes the PDUs. Buffers are the reader's: they are valid only during the call. Both methods may throw IscsiError. */
export interface PduConsumer {
  /** Called when a PDU's header has arrived; undefined has the reader keep the data itself. Must leave room for all of it. */
  place(bhs: Buffer, dataBytes: number): Placement | undefined
  /** Called when the PDU is complete; `data` is empty when it was placed. */
  receive(bhs: Buffer, data: Buffer): void
}

type Stage = 'header' | 'data' | 'trailer'

/**
 * Cuts a byte stream into PDUs. Holds at most one header and `maxDataBytes` of data, whatever the peer sends; data that
 * the consumer places is copied once, from the socket's chunk to its place.
 */
export class PduReader {
  headerDigest = false
  dataDigest = false
  /** The MaxRecvDataSegmentLength that the peer was told. */
  maxDataBytes: number
  consumer: PduConsumer
  #stopped = false
  #stage: Stage = 'header'
  /** Bytes that the stage has and needs. */
  #have = 0
  #need = BHS_BYTES
  readonly #header = Buffer.allocUnsafe(BHS_BYTES + MAX_AHS_BYTES + DIGEST_BYTES)
  readonly #bhs = this.#header.subarray(0, BHS_BYTES)
  #headerKnown = false
  #dataBytes = 0
  #own: Buffer = NOTHING
  #into: Uint8Array = NOTHING
  #intoOffset = 0
  #placed = false
  readonly #trailer = Buffer.allocUnsafe(3 + DIGEST_BYTES)

  constructor(consumer: PduConsumer, maxDataBytes: number) {
    this.consumer = consumer
    this.maxDataBytes = maxDataBytes
  }

  /** Nothing is delivered or written any more, not even the rest of the chunk being read. */
  stop(): void {
    this.#stopped = true
  }

  feed(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      const take = Math.min(this.#need - this.#have, chunk.length - at)
      if (this.#stage === 'data') chunk.copy(this.#into, this.#intoOffset + this.#have, at, at + take)
      else chunk.copy(this.#stage === 'header' ? this.#header : this.#trailer, this.#have, at, at + take)
      at += take
      this.#have += take
      if (this.#have === this.#need) this.#advance()
    }
  }

  #advance(): void {
    if (this.#stage === 'header') this.#headerArrived()
    else if (this.#stage === 'data') this.#enter('trailer', this.#trailerBytes())
    else this.#complete()
  }

  #enter(stage: Stage, need: number): void {
    this.#stage = stage
    this.#have = 0
    this.#need = need
    if (need === 0) this.#advance()
  }

  /** Runs when the basic header is here, and again when the rest of the header that it announces is. */
  #headerArrived(): void {
    if (!this.#headerKnown) {
      const ahsBytes = this.#bhs[4]! * 4
      if (ahsBytes > MAX_AHS_BYTES) throw tooMuch(`an additional header of ${ahsBytes} bytes`)
      this.#headerKnown = true
      this.#need = BHS_BYTES + ahsBytes + (this.headerDigest ? DIGEST_BYTES : 0)
      if (this.#have < this.#need) return
    }
    this.#headerKnown = false
    if (this.headerDigest) this.#checkHeader()
    this.#placeData()
    this.#enter('data', this.#dataBytes)
  }

  #checkHeader(): void {
    const end = this.#need - DIGEST_BYTES
    const sent = this.#header.readUInt32LE(end)
    if (crc32c(this.#header.subarray(0, end)) !== sent) throw wrongDigest('header')
  }

  #placeData(): void {
    const bytes = dataLengthOf(this.#bhs)
    if (bytes > this.maxDataBytes) throw tooMuch(`a data segment of ${bytes} bytes`)
    this.#dataBytes = bytes
    const placement = bytes === 0 ? undefined : this.consumer.place(this.#bhs, bytes)
    this.#placed = placement !== undefined
    if (placement === undefined && this.#own.length < bytes) this.#own = Buffer.allocUnsafe(bytes)
    this.#into = placement?.into ?? this.#own
    this.#intoOffset = placement?.offset ?? 0
  }

  #trailerBytes(): number {
    const padding = -this.#dataBytes & 3
    return this.dataDigest && this.#dataBytes > 0 ? padding + DIGEST_BYTES : padding
  }

  #complete(): void {
    if (this.dataDigest && this.#dataBytes > 0) this.#checkData()
    const data = this.#placed ? NOTHING : this.#own.subarray(0, this.#dataBytes)
    this.#into = NOTHING
    this.#enter('header', BHS_BYTES)
    this.consumer.receive(this.#bhs, data)
  }

  #checkData(): void {
    const end = this.#need - DIGEST_BYTES
    const data = this.#into.subarray(this.#intoOffset, this.#intoOffset + this.#dataBytes)
    const crc = crc32c(this.#trailer.subarray(0, end), crc32c(data))
    if (crc !== this.#trailer.readUInt32LE(end)) throw wrongDigest('data')
  }
}

const tooMuch = (what: string): IscsiError => new IscsiError('limit_exceeded', `the target sent ${what}`)

const wrongDigest = (which: string): IscsiError =>
  new IscsiError('digest_error', `the ${which} digest of a PDU from the target is wrong`)
