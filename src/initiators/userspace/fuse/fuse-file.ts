import { read, writevSync } from 'node:fs'
import type { BlockDevice } from '../../../iscsi/block-device.ts'
import { settlesWithin } from '../../../lib/waiting.ts'
import { answer } from './block-file.ts'
import type { BufferPool } from './buffer-pool.ts'
import { ERRNO, FuseError, OUT_HEADER_BYTES, REQUEST_BYTES } from './protocol.ts'
import { encodeHeader, encodeInvalidateInode, encodeResend } from './reply.ts'
import { FuseParseError, type FuseRequest, parseRequest } from './request.ts'

export interface FuseFileOptions {
  /** A descriptor of /dev/fuse with a file mounted on it. */
  readonly fd: number
  readonly device: BlockDevice
  readonly pool: BufferPool
  /** Reads that wait in the kernel at the same time; each takes one thread of the libuv pool. */
  readonly readers: number
  /** No new request is taken while those under way hold this much. */
  readonly maxHeldBytes: number
  /** Hears of I/O that the device failed. */
  readonly onIoError: (error: unknown) => void
}

/** A write up to this size is copied out, so that it does not hold a buffer of the largest size. */
const COPY_BYTES = 65_536
/** Whoever looks whether a file is served must not take a target that is away for a dead worker. */
const SIZE_TIMEOUT_MS = 8000
const NO_BUFFER = Buffer.alloc(0)
const PASSING = new Set(['EINTR', 'EAGAIN', 'ENOENT'])

/**
 * Serves a block device as the one file of a FUSE mount, from reads of /dev/fuse and one `writev` for each answer.
 * Costs nothing while nothing is asked.
 */
export class FuseFile {
  /** Resolves when the file is unmounted, or drained. */
  readonly ended: Promise<void>
  readonly #options: FuseFileOptions
  readonly #header = Buffer.alloc(OUT_HEADER_BYTES)
  readonly #end: () => void
  #armed = 0
  #paused = 0
  #underWay = 0
  #heldBytes = 0
  #draining = false
  #asksForSize = false

  constructor(options: FuseFileOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
  }

  start(): void {
    for (let reader = 0; reader < this.#options.readers; reader += 1) this.#arm()
  }

  /** Takes over from a server that died: what it left unanswered is asked again. */
  resend(): void {
    writevSync(this.#options.fd, [encodeResend()])
  }

  /** From now on the size is the device's own of that moment, unless it takes too long to tell. */
  askForSize(): void {
    this.#asksForSize = true
  }

  /** The kernel asks for the size again. */
  invalidate(): void {
    writevSync(this.#options.fd, [encodeInvalidateInode()])
  }

  /** Takes nothing new; `ended` resolves when all is answered and each reader has been woken by one more request. */
  drain(): void {
    this.#draining = true
    this.#paused = 0
    this.#endIfIdle()
  }

  #arm(buffer: Buffer = this.#options.pool.take(REQUEST_BYTES)): void {
    const { fd, pool, maxHeldBytes } = this.#options
    if (this.#draining || this.#heldBytes >= maxHeldBytes) {
      pool.give(buffer)
      if (!this.#draining) this.#paused += 1
      return
    }
    this.#armed += 1
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      this.#armed -= 1
      if (error === null) this.#take(buffer, length)
      else this.#readFailed(error, buffer)
    })
  }

  #readFailed(error: NodeJS.ErrnoException, buffer: Buffer): void {
    if (PASSING.has(error.code ?? '')) {
      this.#arm(buffer)
      return
    }
    if (error.code !== 'ENODEV') throw error
    this.#options.pool.give(buffer)
    this.drain()
  }

  /** Starts answering and reads on, with the same buffer unless the request still needs it. */
  #take(buffer: Buffer, length: number): void {
    const request = this.#parse(buffer.subarray(0, length))
    if (request?.kind === 'write' && request.data.length > COPY_BYTES) {
      this.#begin(request, buffer)
      this.#arm()
    } else {
      if (request !== undefined) this.#begin(...this.#detach(request))
      this.#arm(buffer)
    }
    this.#endIfIdle()
  }

  #parse(bytes: Buffer): FuseRequest | undefined {
    try {
      return parseRequest(bytes)
    } catch (error) {
      if (!(error instanceof FuseParseError) || error.unique === undefined) throw error
      this.#options.onIoError(error)
      this.#reply(error.unique, ERRNO.EIO, NO_BUFFER)
      return undefined
    }
  }

  /** The request with a buffer of its own, if it needs one. */
  #detach(request: FuseRequest): [FuseRequest, Buffer] {
    const { pool } = this.#options
    if (request.kind === 'read') return [request, pool.take(request.length)]
    if (request.kind !== 'write') return [request, NO_BUFFER]
    const own = pool.take(request.data.length)
    request.data.copy(own)
    return [{ ...request, data: own.subarray(0, request.data.length) }, own]
  }

  #begin(request: FuseRequest, held: Buffer): void {
    this.#underWay += 1
    this.#heldBytes += held.length
    this.#answer(request, held).then(
      (body) => this.#finish(request, held, 0, body),
      (error) => this.#finish(request, held, this.#errnoOf(error), NO_BUFFER),
    )
  }

  async #answer(request: FuseRequest, held: Buffer): Promise<Buffer> {
    const { device } = this.#options
    if (this.#asksForSize && request.kind === 'getattr')
      await settlesWithin(device.refreshSize(), SIZE_TIMEOUT_MS)
    return answer(device, request, held)
  }

  #finish(request: FuseRequest, held: Buffer, errno: number, body: Buffer): void {
    if (request.kind !== 'silent') this.#reply(request.unique, errno, body)
    this.#underWay -= 1
    this.#heldBytes -= held.length
    if (held !== NO_BUFFER) this.#options.pool.give(held)
    while (this.#paused > 0 && this.#heldBytes < this.#options.maxHeldBytes) {
      this.#paused -= 1
      this.#arm()
    }
    this.#endIfIdle()
  }

  #reply(unique: bigint, errno: number, body: Buffer): void {
    encodeHeader(this.#header, unique, errno, body.length)
    try {
      writevSync(this.#options.fd, body.length > 0 ? [this.#header, body] : [this.#header])
    } catch (error) {
      // ENOENT: whoever asked was interrupted. ENODEV: unmounted; reading tells so too.
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENODEV') throw error
    }
  }

  #errnoOf(error: unknown): number {
    if (error instanceof FuseError) return ERRNO[error.code]
    this.#options.onIoError(error)
    return ERRNO.EIO
  }

  #endIfIdle(): void {
    if (this.#draining && this.#armed === 0 && this.#underWay === 0) this.#end()
  }
}
