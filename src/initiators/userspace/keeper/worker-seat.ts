import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { settlesWithin } from '../../../lib/waiting.ts'
import { type DiskId, StorageError } from '../../../volumegroups/index.ts'
import type { SessionState, VolumeSpec } from '../volume-spec.ts'
import type { WorkerRequest } from '../worker/worker-protocol.ts'
import { abortFuse, closeFuse, mountFuse, openFuse, unmountFuse } from './fuse-mount.ts'
import type { MountedVolume } from './mounted-volume.ts'
import { LIMIT_MS, type SeatOptions } from './seat-options.ts'
import { Slots } from './slots.ts'
import { type WorkerEvents, WorkerProcess } from './worker-process.ts'

/** A worker that lived this long did not die of how it was started. */
const STEADY_MS = 3000
const MAX_RESTART_DELAY_MS = 2000

/**
 * A worker's place: descriptors and mounts that outlast the process. When it dies, another one inherits the same
 * descriptors and answers what was left, so that the files' users notice nothing but a pause.
 */
export class WorkerSeat {
  readonly volumes = new Map<DiskId, MountedVolume>()
  readonly #options: SeatOptions
  readonly #slots: Slots
  readonly #opening = new Set<Promise<unknown>>()
  #process!: WorkerProcess
  #renewing = false
  #retired = false
  #restarts = 0

  private constructor(options: SeatOptions, slots: Slots) {
    this.#options = options
    this.#slots = slots
  }

  static async start(options: SeatOptions): Promise<WorkerSeat> {
    const slots = new Slots(Array.from({ length: options.slots }, openFuse), closeFuse)
    try {
      const seat = new WorkerSeat(options, slots)
      seat.#process = await seat.#launch()
      void seat.#supervise()
      return seat
    } catch (error) {
      slots.closeAll()
      throw error
    }
  }

  get pid(): number {
    return this.#process.pid
  }

  /** None while the process is being renewed: what is mounted now could miss the hand-over. */
  get freeSlots(): number {
    return this.#renewing ? 0 : this.#slots.free
  }

  get restarts(): number {
    return this.#restarts
  }

  /** Nothing is mounted here, nor about to be. */
  get isIdle(): boolean {
    return this.#slots.taken === 0
  }

  /** Opens the disk and mounts it at `file`. On failure nothing of it is left. */
  serve(spec: VolumeSpec, file: string): Promise<MountedVolume> {
    const opening = this.#mount(spec, file)
    this.#opening.add(opening)
    return opening.finally(() => this.#opening.delete(opening))
  }

  async #mount(spec: VolumeSpec, file: string): Promise<MountedVolume> {
    const slot = this.#slots.take()
    assert(slot !== undefined, 'this worker has no free slot')
    const process = this.#process
    let sizeBytes: number
    try {
      sizeBytes = await process.call({ op: 'open', slot, volume: spec }, LIMIT_MS.open)
    } catch (error) {
      await this.#closeQuietly(process, slot)
      this.#slots.release(slot)
      throw error
    }
    try {
      await mountFuse(this.#slots.fdOf(slot), file)
      await process.call({ op: 'start', slot, resume: false }, LIMIT_MS.start)
    } catch (error) {
      await unmountFuse(file)
      await this.#closeQuietly(process, slot)
      this.#slots.spend(slot)
      throw error
    }
    const session: SessionState = { state: 'connected', detail: '' }
    const volume = { slot, file, spec, sizeBytes, session, isAbandoned: false, ready: Promise.resolve() }
    this.volumes.set(spec.diskId, volume)
    return volume
  }

  /** Takes over the size that the target has now. */
  async refreshSize(volume: MountedVolume): Promise<void> {
    await this.#whenReady(volume)
    volume.sizeBytes = await this.#process.call({ op: 'refreshSize', slot: volume.slot }, LIMIT_MS.refresh)
  }

  /** Takes over the credentials of now. Those that a process gets too late, the next one gets when it starts. */
  async renewSpec(volume: MountedVolume, spec: VolumeSpec): Promise<void> {
    volume.spec = spec
    await this.#tell({ op: 'renew', slot: volume.slot, volume: spec })
  }

  /** Gives the disk up for good: its users get I/O errors, and no login is tried again. */
  async abandon(volume: MountedVolume, why: string): Promise<void> {
    volume.isAbandoned = true
    volume.session = { state: 'failed', detail: why }
    await Promise.all([this.#tell({ op: 'abandon', slot: volume.slot, why }), abortFuse(volume.file)])
  }

  async #tell(request: WorkerRequest): Promise<void> {
    try {
      await this.#process.call(request, LIMIT_MS.tell)
    } catch (error) {
      this.#options.log.warn({ err: error, op: request.op, slot: request.slot }, 'a worker was not told')
    }
  }

  /** Flushes, unmounts and closes. Throws MOUNT_BUSY, and serves on, while the file is in use. */
  async release(volume: MountedVolume): Promise<void> {
    if (volume.session.state !== 'failed') await this.#flush(volume)
    await unmountFuse(volume.file)
    this.volumes.delete(volume.spec.diskId)
    await this.#closeQuietly(this.#process, volume.slot)
    this.#slots.spend(volume.slot)
  }

  /**
   * Puts a new process, with all slots that are not in use free again, in the place of the present one. Nothing is
   * left for it to ask for again, so that this is safe on any kernel.
   */
  async renew(): Promise<void> {
    if (this.#renewing || this.#retired) return
    this.#renewing = true
    try {
      const old = this.#process
      await Promise.allSettled(this.#opening) // each has its limits; no further one begins here
      const next = await this.#launch()
      await Promise.all([...this.volumes.values()].map((volume) => this.#drain(old, volume)))
      if (!old.isAlive || this.#retired) return await next.kill() // it died meanwhile, and is replaced for that
      this.#takeOver(next)
      this.#handTo(old.exited.then(() => next))
      await old.kill()
      await Promise.allSettled([...this.volumes.values()].map((volume) => volume.ready))
    } finally {
      this.#renewing = false
    }
  }

  /** Ends the worker for good. What is still mounted fails from then on. */
  async retire(): Promise<void> {
    this.#retired = true
    await this.#process.kill()
    this.#slots.closeAll()
  }

  /** Whoever had the file open has flushed it already; a target that is away must not hold up letting go. */
  async #flush(volume: MountedVolume): Promise<void> {
    try {
      await this.#whenReady(volume)
      await this.#process.call({ op: 'flush', slot: volume.slot }, LIMIT_MS.flush)
    } catch (error) {
      this.#options.log.warn({ err: error, diskId: volume.spec.diskId }, 'last flush failed')
    }
  }

  async #whenReady(volume: MountedVolume): Promise<void> {
    if (!(await settlesWithin(volume.ready, LIMIT_MS.ready))) {
      throw new StorageError('INITIATOR_UNAVAILABLE', `${volume.spec.diskId}: ${volume.session.detail}`)
    }
    await volume.ready
  }

  async #closeQuietly(process: WorkerProcess, slot: number): Promise<void> {
    try {
      await process.call({ op: 'close', slot }, LIMIT_MS.close)
    } catch (error) {
      this.#options.log.warn({ err: error, slot }, 'a disk was not closed in order')
    }
  }

  /** Where the kernel can not hand requests out again, there is nothing but waiting until all are answered. */
  async #drain(process: WorkerProcess, { slot, file, spec }: MountedVolume): Promise<void> {
    try {
      const timeoutMs = this.#options.canResend ? LIMIT_MS.drain : undefined
      await process.call({ op: 'drain', slot, file }, timeoutMs)
    } catch (error) {
      this.#options.log.warn({ err: error, diskId: spec.diskId }, 'not drained: the next worker asks again')
    }
  }

  /** Puts another process in the place of one that died, as long as the seat is needed. */
  async #supervise(): Promise<void> {
    for (let delayMs = 0; ; ) {
      const process = this.#process
      const bornAt = Date.now()
      await process.exited
      if (this.#retired) return
      if (this.#process !== process) continue // renewed
      this.#reportDeath()
      const successor = Promise.withResolvers<WorkerProcess>()
      this.#handTo(successor.promise)
      delayMs = Date.now() - bornAt > STEADY_MS ? 0 : Math.min(delayMs * 2 + 25, MAX_RESTART_DELAY_MS)
      await sleep(delayMs)
      while (!(await this.#startSuccessor())) await sleep(MAX_RESTART_DELAY_MS)
      successor.resolve(this.#process)
    }
  }

  #reportDeath(): void {
    const { log, canResend } = this.#options
    log.error({ worker: this.#process.pid, disks: this.volumes.size }, 'worker died')
    if (canResend || this.volumes.size === 0) return
    log.fatal('this kernel (before 6.9) can not resend: requests that the worker had taken hang until reboot')
  }

  /** From now on whoever needs a volume waits for that process. */
  #handTo(successor: Promise<WorkerProcess>): void {
    for (const volume of this.volumes.values()) {
      if (volume.isAbandoned) continue
      volume.session = { state: 'reconnecting', detail: 'a new worker takes over' }
      volume.ready = successor.then((process) => this.#resume(volume, process))
      volume.ready.catch(() => {}) // told by #resume; whoever needs the volume hears it too
    }
  }

  /** False when it can not be started now; true also when it is no longer wanted. */
  async #startSuccessor(): Promise<boolean> {
    if (this.#retired) return true
    try {
      this.#takeOver(await this.#launch())
      return true
    } catch (error) {
      this.#options.log.error({ err: error }, 'a worker can not be started')
      return false
    }
  }

  #takeOver(process: WorkerProcess): void {
    this.#process = process
    this.#slots.renew()
    this.#restarts += 1
  }

  #launch(): Promise<WorkerProcess> {
    const fds = this.#slots.reserve(openFuse)
    return WorkerProcess.start({ ...this.#options, fds }, this.#events)
  }

  async #resume(volume: MountedVolume, process: WorkerProcess): Promise<void> {
    const { slot, spec, sizeBytes } = volume
    const { canResend, log } = this.#options
    try {
      volume.sizeBytes = await process.call({ op: 'open', slot, volume: spec, resume: { sizeBytes } })
      await process.call({ op: 'start', slot, resume: canResend }, LIMIT_MS.start)
      if (volume.session.state === 'reconnecting') volume.session = { state: 'connected', detail: '' }
    } catch (error) {
      log.error({ err: error, diskId: spec.diskId }, 'a disk was not taken over')
      throw error
    }
  }

  #volumeAt(slot: number): MountedVolume | undefined {
    return [...this.volumes.values()].find((volume) => volume.slot === slot)
  }

  /** What a worker tells of a disk that is not mounted yet, or no more, is of no interest. */
  readonly #events: WorkerEvents = {
    state: (slot, session) => {
      const volume = this.#volumeAt(slot)
      if (volume === undefined || volume.isAbandoned) return
      volume.session = session
      const level = LOG_LEVEL[session.state]
      this.#options.log[level](
        { diskId: volume.spec.diskId, detail: session.detail },
        `disk ${session.state}`,
      )
    },
    ioError: (slot, detail) => {
      const diskId = this.#volumeAt(slot)?.spec.diskId
      if (diskId !== undefined) this.#options.log.error({ diskId, detail }, 'I/O failed')
    },
  }
}

const LOG_LEVEL = { connected: 'info', reconnecting: 'warn', failed: 'error' } as const
