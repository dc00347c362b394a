import assert from 'node:assert/strict'
import { BufferPool } from '../fuse/buffer-pool.ts'
import { type OpenDevice, ServedVolume } from './served-volume.ts'
import {
  FIRST_SLOT_FD,
  failureOf,
  type WorkerCall,
  type WorkerMessage,
  type WorkerRequest,
} from './worker-protocol.ts'

/** The worker's channel to its keeper. */
export interface WorkerChannel {
  /** Does nothing once the keeper is gone. */
  send(message: WorkerMessage): void
  onCall(listener: (call: WorkerCall) => void): void
  onDisconnect(listener: () => void): void
}

/** Buffers that are kept for reuse, for all volumes together. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024

/**
 * Serves volumes as its keeper says. When the keeper is gone it goes on serving what is mounted, and ends with
 * the last of it.
 */
export function runWorker(channel: WorkerChannel, openDevice: OpenDevice): void {
  const volumes = new Volumes(channel, openDevice)
  channel.onCall(async (call) => {
    try {
      channel.send({ kind: 'done', id: call.id, sizeBytes: await volumes.handle(call.request) })
    } catch (error) {
      channel.send({ kind: 'failed', id: call.id, failure: failureOf(error) })
    }
  })
  channel.onDisconnect(() => volumes.closeAll())
}

class Volumes {
  readonly #bySlot = new Map<number, ServedVolume>()
  readonly #pool = new BufferPool(MAX_KEPT_BYTES)
  readonly #channel: WorkerChannel
  readonly #openDevice: OpenDevice

  constructor(channel: WorkerChannel, openDevice: OpenDevice) {
    this.#channel = channel
    this.#openDevice = openDevice
  }

  /** Gives back the volume's size, or 0 once it is closed. */
  async handle(request: WorkerRequest): Promise<number> {
    const { op, slot } = request
    if (op === 'open') await this.#open(request)
    else if (op === 'start') this.#at(slot).start(request.resume)
    else if (op === 'refreshSize') await this.#at(slot).refreshSize()
    else if (op === 'flush') await this.#at(slot).flush()
    else if (op === 'renew') this.#at(slot).renew(request.volume)
    else if (op === 'abandon') this.#bySlot.get(slot)?.abandon(request.why)
    else if (op === 'drain') await this.#at(slot).drain(request.file)
    else await this.#close(slot)
    return this.#bySlot.get(slot)?.sizeBytes ?? 0
  }

  /** Whatever is mounted is served until it is unmounted. */
  closeAll(): void {
    for (const [slot, volume] of this.#bySlot) {
      volume.outliveKeeper()
      this.#close(slot).catch(() => {}) // there is nobody left to tell
    }
  }

  async #open({ slot, volume, resume }: WorkerRequest & { op: 'open' }): Promise<void> {
    assert(!this.#bySlot.has(slot), `slot ${slot} is taken`)
    const served = new ServedVolume({
      fd: FIRST_SLOT_FD + slot,
      volume,
      pool: this.#pool,
      openDevice: this.#openDevice,
      onState: (session) => this.#channel.send({ kind: 'state', slot, session }),
      onIoError: (detail) => this.#channel.send({ kind: 'ioError', slot, detail }),
    })
    this.#bySlot.set(slot, served)
    try {
      if (resume === undefined) await served.open()
      else await served.reopen(resume.sizeBytes)
    } catch (error) {
      if (this.#bySlot.get(slot) === served) this.#bySlot.delete(slot)
      throw error
    }
  }

  async #close(slot: number): Promise<void> {
    const volume = this.#bySlot.get(slot)
    this.#bySlot.delete(slot)
    await volume?.close()
  }

  #at(slot: number): ServedVolume {
    const volume = this.#bySlot.get(slot)
    assert(volume !== undefined, `slot ${slot} has no volume`)
    return volume
  }
}
