import assert from 'node:assert/strict'
import { REQUEST_BYTES } from './protocol.ts'

/** The few sizes that buffers come in, so that a returned one fits the next request. */
const SIZES = [4096, 16_384, 65_536, 262_144, REQUEST_BYTES] as const

/** Buffers for requests and answers, used again instead of collected. What it keeps has a limit. */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>(SIZES.map((size) => [size, []]))
  readonly #maxKeptBytes: number
  #keptBytes = 0

  constructor(maxKeptBytes: number) {
    this.#maxKeptBytes = maxKeptBytes
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /**
   * A buffer of at least `bytes`, with whatever is in it. A new one is written to, so that its pages are there: if a
   * killed process has to fault them in to take a request, the kernel fails that request with EIO.
   */
  take(bytes: number): Buffer {
    const size = SIZES.find((candidate) => candidate >= bytes)
    assert(size !== undefined, `no request needs ${bytes} bytes`)
    const kept = this.#free.get(size)?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(size).fill(0)
    this.#keptBytes -= size
    return kept
  }

  give(buffer: Buffer): void {
    const free = this.#free.get(buffer.length)
    assert(free !== undefined, `a buffer of ${buffer.length} bytes is not of this pool`)
    if (this.#keptBytes + buffer.length > this.#maxKeptBytes) return
    free.push(buffer)
    this.#keptBytes += buffer.length
  }
}
