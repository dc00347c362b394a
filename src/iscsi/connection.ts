import { connect, type Socket } from 'node:net'
import { crc32c } from './crc32c.ts'
import { IscsiError } from './errors.ts'
import type { PortalAddress } from './login-status.ts'
import { DEFAULT_SEGMENT_BYTES } from './negotiation.ts'
import { type PduConsumer, PduReader } from './pdu-reader.ts'

/** One system call takes up to this much from the socket. */
const READ_BUFFER_BYTES = 256 * 1024
const ZEROES = Buffer.alloc(4)

/** A TCP connection that speaks PDUs. It ends once, with one IscsiError, and is silent from then on. */
export class Connection {
  /** `performance.now()` at the last bytes from the peer. */
  lastReceivedAt = performance.now()
  /** Asked before anything that came in is looked at; what it gives back ends the connection. */
  refuse: (() => IscsiError | undefined) | undefined
  readonly #socket: Socket
  readonly #reader: PduReader
  readonly #onEnd: (error: IscsiError) => void
  #headerDigest = false
  #dataDigest = false
  #corked = false
  #connected = false
  #ended = false

  /** `onEnd` is called once, whoever ends the connection. */
  constructor(portal: PortalAddress, consumer: PduConsumer, onEnd: (error: IscsiError) => void) {
    this.#reader = new PduReader(consumer, DEFAULT_SEGMENT_BYTES)
    this.#onEnd = onEnd
    const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
    const onread = { buffer, callback: (bytes: number) => this.#read(buffer.subarray(0, bytes)) }
    this.#socket = connect({ host: portal.address, port: portal.port, noDelay: true, onread })
    const where = `${portal.address} port ${portal.port}`
    this.#socket.on('error', (cause) => {
      const code = this.#connected ? 'connection_lost' : 'connect_failed'
      this.destroy(new IscsiError(code, `no connection to ${where}`, { cause }))
    })
    const lost = () => this.destroy(new IscsiError('connection_lost', `${where} closed the connection`))
    this.#socket.on('end', lost)
    this.#socket.on('close', lost)
  }

  onceConnected(listener: () => void): void {
    this.#socket.once('connect', () => {
      this.#connected = true
      listener()
    })
  }

  /** Takes effect with the next PDU in either direction. */
  establish(
    consumer: PduConsumer,
    parameters: { headerDigest: boolean; dataDigest: boolean; maxReceiveBytes: number },
  ): void {
    this.#headerDigest = parameters.headerDigest
    this.#dataDigest = parameters.dataDigest
    this.#reader.headerDigest = parameters.headerDigest
    this.#reader.dataDigest = parameters.dataDigest
    this.#reader.maxDataBytes = parameters.maxReceiveBytes
    this.#reader.consumer = consumer
  }

  /** Bytes accepted by `send` that the kernel has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  /** Sends by reference: neither `bhs` nor `data` may change until the peer has answered. */
  send(bhs: Buffer, data?: Uint8Array): void {
    if (this.#ended) return
    if (!this.#corked) this.#cork()
    const bytes = data?.length ?? 0
    if (bytes > 0) bhs.writeUIntBE(bytes, 5, 3)
    this.#socket.write(bhs)
    if (this.#headerDigest) this.#socket.write(digestOf(crc32c(bhs)))
    if (data === undefined || bytes === 0) return
    this.#socket.write(data)
    const padding = ZEROES.subarray(0, -bytes & 3)
    if (padding.length > 0) this.#socket.write(padding)
    if (this.#dataDigest) this.#socket.write(digestOf(crc32c(padding, crc32c(data))))
  }

  destroy(error: IscsiError): void {
    if (this.#ended) return
    this.#ended = true
    this.#reader.stop()
    this.#socket.destroy()
    this.#onEnd(error)
  }

  /**
   * All that is sent in one turn of the event loop leaves in one system call. The next tick would be too soon: each of
   * the turn's callbacks has ticks of its own.
   */
  #cork(): void {
    this.#corked = true
    this.#socket.cork()
    setImmediate(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  #read(chunk: Buffer): boolean {
    const refusal = this.refuse?.()
    if (refusal) {
      this.destroy(refusal)
      return true
    }
    this.lastReceivedAt = performance.now()
    try {
      this.#reader.feed(chunk)
    } catch (error) {
      if (!(error instanceof IscsiError)) throw error
      this.destroy(error)
    }
    return true
  }
}

function digestOf(crc: number): Buffer {
  const digest = Buffer.allocUnsafe(4)
  digest.writeUInt32LE(crc, 0)
  return digest
}
