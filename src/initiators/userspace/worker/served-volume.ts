import { closeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlockDevice } from '../../../iscsi/block-device.ts'
import { StorageError } from '../../../volumegroups/index.ts'
import type { BufferPool } from '../fuse/buffer-pool.ts'
import { FuseFile } from '../fuse/fuse-file.ts'
import type { SessionState, VolumeSpec } from '../volume-spec.ts'
import { READERS_PER_VOLUME } from './worker-protocol.ts'

/** A disk that can be told what changed about the right to it. */
export interface LentDevice extends BlockDevice {
  /** The credentials for the logins to come. */
  useCredentials?(chap: VolumeSpec['chap']): void
  /** Final: all I/O fails, and nothing is sent or logged in for again. */
  abandon?(why: string): void
}

/** Opens a disk, or throws StorageError. Reports how its session is. */
export type OpenDevice = (
  volume: VolumeSpec,
  onState: (session: SessionState) => void,
  signal: AbortSignal,
) => Promise<LentDevice>

export interface ServedVolumeOptions {
  readonly fd: number
  readonly volume: VolumeSpec
  readonly pool: BufferPool
  readonly openDevice: OpenDevice
  readonly onState: (session: SessionState) => void
  /** Hears of I/O that failed, though not of every single one. */
  readonly onIoError: (detail: string) => void
}

/** What one volume's requests may hold in memory at the same time. */
const MAX_HELD_BYTES = 8 * 1024 * 1024
const MAX_RETRY_MS = 5000
const IO_ERROR_REPORT_MS = 10_000

/** One volume of a worker: its disk, and the FUSE file that shows it. */
export class ServedVolume {
  readonly #options: ServedVolumeOptions
  readonly #abort = new AbortController()
  #device: LentDevice | undefined
  #volume: VolumeSpec
  #lost: StorageError | undefined
  #file: FuseFile | undefined
  #ioErrorReportedAt = Number.NEGATIVE_INFINITY

  constructor(options: ServedVolumeOptions) {
    this.#options = options
    this.#volume = options.volume
  }

  get sizeBytes(): number {
    return this.#opened().sizeBytes
  }

  async open(): Promise<void> {
    const { openDevice, onState } = this.#options
    const device = await openDevice(this.#volume, onState, this.#abort.signal)
    if (this.#abort.signal.aborted) {
      await device.close()
      throw new StorageError('INITIATOR_UNAVAILABLE', 'the disk was let go while it was being opened')
    }
    this.#device = device
  }

  /** Opens the disk however long that takes, since its file is in use. What is not the same disk fails all I/O. */
  async reopen(sizeBytes: number): Promise<void> {
    for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      try {
        if (this.#lost) throw this.#lost
        return await this.open()
      } catch (error) {
        if (this.#abort.signal.aborted) throw error
        const final = error instanceof StorageError && error.reason === 'IDENTITY_MISMATCH'
        const detail = error instanceof Error ? error.message : 'the disk can not be opened'
        this.#options.onState({ state: final ? 'failed' : 'reconnecting', detail })
        if (final) {
          this.#device = failingDevice(sizeBytes, this.#options.volume.readOnly, error)
          return
        }
        await sleep(delayMs, undefined, { signal: this.#abort.signal })
      }
    }
  }

  start(resume: boolean): void {
    const { fd, pool } = this.#options
    this.#file = new FuseFile({
      fd,
      device: this.#opened(),
      pool,
      readers: READERS_PER_VOLUME,
      maxHeldBytes: MAX_HELD_BYTES,
      onIoError: (error) => this.#reportIoError(error),
    })
    this.#file.start()
    if (resume) this.#file.resend()
  }

  async refreshSize(): Promise<void> {
    await this.#opened().refreshSize()
    this.#file?.invalidate()
  }

  /** Nobody is left to say when the size has changed: the target is asked whenever somebody wants to know it. */
  outliveKeeper(): void {
    this.#file?.askForSize()
  }

  renew(volume: VolumeSpec): void {
    this.#volume = volume
    this.#device?.useCredentials?.(volume.chap)
  }

  abandon(why: string): void {
    this.#lost = new StorageError('IDENTITY_MISMATCH', why)
    this.#device?.abandon?.(why)
  }

  async flush(): Promise<void> {
    if (!this.#options.volume.readOnly) await this.#opened().flush()
  }

  /** Resolves when all that was taken is answered and nothing more will be taken. */
  async drain(path: string): Promise<void> {
    this.#file?.drain()
    // Each reader that waits in the kernel is woken by one request. They must not be awaited: if other requests were
    // quicker, the next worker answers some of these.
    for (let reader = 0; reader < READERS_PER_VOLUME; reader += 1) stat(path).catch(() => {})
    await this.#file?.ended
  }

  /** Lets go of the disk as soon as the file is unmounted; at once when it never was mounted. */
  async close(): Promise<void> {
    if (this.#abort.signal.aborted) return
    this.#abort.abort()
    if (this.#file !== undefined) {
      await this.#file.ended
      closeSync(this.#options.fd)
    }
    await this.#device?.close()
  }

  #opened(): BlockDevice {
    if (this.#device === undefined) throw new StorageError('NOT_READY', 'the disk is still being opened')
    return this.#device
  }

  #reportIoError(error: unknown): void {
    const now = performance.now()
    if (now - this.#ioErrorReportedAt < IO_ERROR_REPORT_MS) return
    this.#ioErrorReportedAt = now
    this.#options.onIoError(error instanceof Error ? error.message : String(error))
  }
}

function failingDevice(sizeBytes: number, readOnly: boolean, cause: unknown): BlockDevice {
  const fail = async (): Promise<never> => {
    throw cause
  }
  return {
    blockSize: 512,
    sizeBytes,
    readOnly,
    read: fail,
    write: fail,
    flush: fail,
    discard: fail,
    writeZeroes: fail,
    refreshSize: fail,
    close: async () => {},
  }
}
