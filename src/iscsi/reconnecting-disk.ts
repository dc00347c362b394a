import { setTimeout as delay } from 'node:timers/promises'
import type { BlockDevice } from './block-device.ts'
import { read16, readCapacity16, synchronizeCache16, unmap, unmapRange, write16, writeSame16 } from './cdb.ts'
import type { ChapOptions } from './chap.ts'
import { DiskLink } from './disk-link.ts'
import { checkDiskOptions, type DiskState, type ReconnectingDiskOptions } from './disk-options.ts'
import { DiskRequests } from './disk-requests.ts'
import { IscsiError } from './errors.ts'
import { isUnsupported } from './lun.ts'
import { type LunFacts, parseCapacity } from './lun-facts.ts'
import type { Session } from './session.ts'

const DEFAULT_CLOSE_MS = 10_000
const DEFAULT_RETRY_WRITE_MS = 1_000
/** tgt calls a larger UNMAP good and does nothing: its 32-bit byte count overflows. */
const MAX_UNMAP_BYTES = 1024 ** 3
/** A target without UNMAP really writes them: this many fit well into a command's time. */
const MAX_ZEROES_BYTES = 32 * 1024 ** 2
const MAX_TRANSFER_BYTES = 16 * 1024 ** 2
const MAX_BLOCKS = 0xffffffff
const MAX_PARALLEL_PIECES = 8

/**
 * A LUN as a block device that outlives its connections: requests wait while the target is away and are sent again,
 * to the same LUN only: its serial and NAA are compared at every login, and a mismatch stops the disk for ever.
 */
export class ReconnectingDisk implements BlockDevice {
  readonly #options: ReconnectingDiskOptions
  readonly #link: DiskLink
  readonly #requests: DiskRequests
  #facts!: LunFacts
  #maxTransferBytes = 0
  #zeroBlock = Buffer.alloc(0)
  #state: DiskState = { kind: 'online' }
  #closed: Promise<void> | undefined

  /** Logs in and verifies the LUN; fails with IscsiError rather than wait for a target that is away. */
  static async open(options: ReconnectingDiskOptions): Promise<ReconnectingDisk> {
    checkDiskOptions(options)
    const disk = new ReconnectingDisk(options)
    const { session, facts } = await disk.#link.open()
    disk.#take(session, facts)
    return disk
  }

  private constructor(options: ReconnectingDiskOptions) {
    this.#options = options
    const events = {
      doubt: () => this.#link.doubt(),
      capacityChanged: () => void this.refreshSize().catch(() => {}), // the disk is closed or stopped
    }
    const retryWriteMs = options.timeouts?.retryWriteMs ?? DEFAULT_RETRY_WRITE_MS
    this.#requests = new DiskRequests(options.lun, events, retryWriteMs)
    this.#link = new DiskLink(options, DiskRequests.MAX_OPEN, {
      online: (session, facts) => {
        this.#take(session, facts)
        this.#requests.resume(session)
      },
      offline: () => this.#requests.pause(),
      hopeless: (error) => this.#requests.failWaiting(error),
      state: (state) => this.#enter(state),
    })
  }

  get blockSize(): number {
    return this.#facts.blockSize
  }

  get sizeBytes(): number {
    return this.#facts.sizeBytes
  }

  get readOnly(): boolean {
    return this.#facts.readOnly
  }

  get state(): DiskState {
    return this.#state
  }

  read(offset: number, into: Uint8Array): Promise<void> {
    return this.#transfer(offset, into.length, (lba, blocks, start, end) => {
      return this.#requests.send(read16(lba, blocks), part(into, start, end), undefined)
    })
  }

  write(offset: number, data: Uint8Array): Promise<void> {
    return this.#transfer(offset, data.length, (lba, blocks, start, end) => {
      return this.#requests.send(write16(lba, blocks), undefined, part(data, start, end))
    })
  }

  async flush(): Promise<void> {
    this.#check(0, 0)
    if (!this.#facts.writeCache) return
    await this.#unlessUnsupported(this.#requests.send(synchronizeCache16()), { writeCache: false })
  }

  async discard(offset: number, length: number): Promise<void> {
    const { unmap: canUnmap, readsZeroes, maxUnmapBlocks } = this.#facts
    if (canUnmap && readsZeroes) {
      const pieceBytes = Math.min(MAX_UNMAP_BYTES, (maxUnmapBlocks || MAX_BLOCKS) * this.blockSize)
      const unmapped = this.#inPieces(offset, length, pieceBytes, (lba, blocks) => {
        const range = unmapRange(lba, blocks)
        return this.#requests.send(unmap(range.length), undefined, range)
      })
      if (await this.#unlessUnsupported(unmapped, { unmap: false })) return
    }
    await this.writeZeroes(offset, length)
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    const { writeSameUnmap, maxWriteSameBlocks } = this.#facts
    if (writeSameUnmap || maxWriteSameBlocks > 0) {
      const largest = writeSameUnmap ? MAX_UNMAP_BYTES : MAX_ZEROES_BYTES
      const pieceBytes = Math.min(largest, (maxWriteSameBlocks || MAX_BLOCKS) * this.blockSize)
      const zeroed = this.#inPieces(offset, length, pieceBytes, (lba, blocks) => {
        return this.#requests.send(writeSame16(lba, blocks, writeSameUnmap), undefined, this.#zeroBlock)
      })
      if (await this.#unlessUnsupported(zeroed, { writeSameUnmap: false, maxWriteSameBlocks: 0 })) return
    }
    await this.#writePlainZeroes(offset, length)
  }

  async refreshSize(): Promise<number> {
    const answer = Buffer.alloc(32)
    await this.#requests.send(readCapacity16(answer.length), answer)
    const { blockSize, sizeBytes } = parseCapacity(answer)
    if (blockSize === this.blockSize) this.#facts = { ...this.#facts, sizeBytes }
    return this.sizeBytes
  }

  /** For the logins to come. */
  useCredentials(chap: ChapOptions | undefined): void {
    this.#link.useCredentials(chap)
  }

  /** The disk is not this initiator's any more: all requests fail, and nothing of them reaches the target. */
  abandon(why: string): void {
    const error = new IscsiError('closed', why)
    this.#requests.pause()
    this.#requests.failWaiting(error)
    this.#link.abandon(error)
  }

  /** Bounded; throws when it had to let go of requests or of a cache that it could not flush. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const limitMs = this.#options.timeouts?.closeMs ?? DEFAULT_CLOSE_MS
    const finished = this.#requests.drain(this.#facts.writeCache ? synchronizeCache16() : undefined)
    const timer = new AbortController()
    const late = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
      throw new IscsiError('timed_out', `the disk could not be flushed within ${limitMs} ms`)
    })
    late.catch(() => {}) // aborted below
    try {
      await Promise.race([finished, late])
    } finally {
      timer.abort()
      finished.catch(() => {}) // told by the race, or of no more interest
      await this.#link.close()
      this.#requests.failWaiting(new IscsiError('closed', 'the disk was closed'))
      this.#enter({ kind: 'closed' })
    }
  }

  #take(session: Session, facts: LunFacts): void {
    this.#facts = facts
    this.#maxTransferBytes = transferLimit(facts, session.parameters.maxBurstBytes)
    if (this.#zeroBlock.length !== facts.blockSize) this.#zeroBlock = Buffer.alloc(facts.blockSize)
  }

  #enter(state: DiskState): void {
    if (this.#state.kind === 'stopped') return
    this.#state = state
    this.#options.onState?.(state)
  }

  #check(offset: number, length: number): void {
    const { blockSize, sizeBytes } = this.#facts
    if (this.#closed) throw new IscsiError('closed', 'the disk is closed')
    const aligned = offset % blockSize === 0 && length % blockSize === 0
    if (!aligned || offset < 0 || offset + length > sizeBytes) {
      throw new IscsiError(
        'invalid_argument',
        `${length} bytes at ${offset} are not whole blocks of the disk`,
      )
    }
  }

  /** Most requests fit into one command and are sent without further ado. */
  async #transfer(offset: number, length: number, send: SendPart): Promise<void> {
    this.#check(offset, length)
    const { blockSize } = this.#facts
    const max = this.#maxTransferBytes
    if (length === 0) return
    if (length <= max) return send(offset / blockSize, length / blockSize, 0, length)
    const parts: Promise<void>[] = []
    for (let start = 0; start < length; start += max) {
      const end = Math.min(length, start + max)
      parts.push(send((offset + start) / blockSize, (end - start) / blockSize, start, end))
    }
    await settled(parts)
  }

  /** A few commands at a time, for ranges that may be as large as the disk. */
  async #inPieces(
    offset: number,
    length: number,
    max: number,
    send: (lba: number, blocks: number) => Promise<void>,
  ): Promise<void> {
    this.#check(offset, length)
    const { blockSize } = this.#facts
    const pieceBytes = Math.max(blockSize, max - (max % blockSize))
    for (let start = 0; start < length; ) {
      const pieces: Promise<void>[] = []
      for (; pieces.length < MAX_PARALLEL_PIECES && start < length; start += pieceBytes) {
        const bytes = Math.min(pieceBytes, length - start)
        pieces.push(send((offset + start) / blockSize, bytes / blockSize))
      }
      await settled(pieces)
    }
  }

  /** A target that does not know a command it announced is believed the second time: the fact is corrected. */
  async #unlessUnsupported(work: Promise<void>, corrected: Partial<LunFacts>): Promise<boolean> {
    try {
      await work
      return true
    } catch (error) {
      if (!isUnsupported(error)) throw error
      this.#facts = { ...this.#facts, ...corrected }
      return false
    }
  }

  async #writePlainZeroes(offset: number, length: number): Promise<void> {
    const zeroes = Buffer.alloc(Math.min(length, this.#maxTransferBytes))
    await this.#inPieces(offset, length, zeroes.length, (lba, blocks) => {
      return this.#requests.send(write16(lba, blocks), undefined, part(zeroes, 0, blocks * this.blockSize))
    })
  }
}

type SendPart = (lba: number, blocks: number, start: number, end: number) => Promise<void>

const part = (data: Uint8Array, start: number, end: number): Uint8Array =>
  start === 0 && end === data.length ? data : data.subarray(start, end)

/** Waits for all, so that no buffer is in use when it returns; then throws the first error. */
async function settled(parts: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(parts)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

function transferLimit({ blockSize, maxTransferBlocks }: LunFacts, maxBurstBytes: number): number {
  const bytes = Math.min(maxBurstBytes, MAX_TRANSFER_BYTES, (maxTransferBlocks || MAX_BLOCKS) * blockSize)
  return Math.max(blockSize, bytes - (bytes % blockSize))
}
