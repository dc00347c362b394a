import { realpath } from 'node:fs/promises'
import { release } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { Command } from '../../../host/exec.ts'
import { readMounts } from '../../../host/mounts.ts'
import { createSerializer } from '../../../host/serialize.ts'
import { type DiskId, diskIds, StorageError } from '../../../volumegroups/index.ts'
import type { VolumeSpec } from '../volume-spec.ts'
import { abortFuse, unmountFuse } from './fuse-mount.ts'
import type { KeeperStatus, ServedDisk } from './keeper-protocol.ts'
import type { ServedGrant } from './lease-renewer.ts'
import type { MountedVolume } from './mounted-volume.ts'
import { WorkerSeat } from './worker-seat.ts'

export interface KeeperOptions {
  readonly stateDir: string
  /** Starts a worker. */
  readonly worker: Command
  /** How many disks one worker can take in its life. */
  readonly slotsPerWorker: number
  readonly maxDisks: number
  readonly log: Logger
  /** The kernel's release. Default: that of this host. */
  readonly kernel?: string | undefined
}

interface Place {
  readonly seat: WorkerSeat
  readonly volume: MountedVolume
}

const MAX_WAITING_CALLS = 8

export const disksFolder = (stateDir: string): string => join(stateDir, 'disks')
/** Where the keeper mounts a disk's file. */
export const diskFile = (stateDir: string, diskId: DiskId): string => join(disksFolder(stateDir), diskId)
/** Where compiled code is kept: without compiling again, a process is there sooner and smaller. */
export const codeCacheFolder = (stateDir: string): string => join(stateDir, 'code-cache')
export const keeperSocket = (stateDir: string): string => join(stateDir, 'keeper.sock')

/** Linux 6.9 brought FUSE_NOTIFY_RESEND. */
export function canResend(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10))
  return major > 6 || (major === 6 && minor >= 9)
}

/**
 * Keeps disks served as files, whatever happens to the processes that serve them: it holds the descriptors and
 * mounts, and puts a new worker in the place of one that dies. Knows nothing of iSCSI, so that it rarely changes.
 */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #serialize = createSerializer(MAX_WAITING_CALLS)
  readonly #survivesCrashes: boolean
  readonly #seats = new Set<WorkerSeat>()
  #starting: Promise<void> | undefined
  #attaching = 0
  #stopped = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#survivesCrashes = canResend(options.kernel ?? release())
  }

  /** Starts the first worker. */
  async start(): Promise<void> {
    if (!this.#survivesCrashes) {
      this.#options.log.warn('kernel before 6.9: a worker that crashes under load leaves its disks hanging')
    }
    await this.#startSeat()
  }

  /** Serves the disk as a file. Idempotent. */
  async attach(spec: VolumeSpec): Promise<ServedDisk> {
    return this.#serialize(spec.diskId, async () => {
      if (this.#stopped) throw new StorageError('NOT_READY', 'the keeper is stopping')
      const place = this.#find(spec.diskId)
      return describe(place === undefined ? await this.#serve(spec) : await this.#renewSpec(place, spec))
    })
  }

  /** Flushes the disk and takes the file away. Idempotent. */
  async detach(diskId: DiskId): Promise<void> {
    await this.#serialize(diskId, async () => {
      const place = this.#find(diskId)
      if (place === undefined) return unmountFuse(diskFile(this.#options.stateDir, diskId))
      await place.seat.release(place.volume)
      await this.#tidyUp(place.seat)
    })
  }

  async refreshSize(diskId: DiskId): Promise<ServedDisk> {
    return this.#serialize(diskId, async () => {
      const { seat, volume } = this.#expect(diskId)
      await seat.refreshSize(volume)
      return describe(volume)
    })
  }

  /**
   * Gives up a disk that this node has lost, or whose target will not come back. What was not flushed is lost; it can
   * be detached then. A disk that an earlier keeper's worker still serves is taken from it.
   */
  async abandon(diskId: DiskId, why: string): Promise<void> {
    const place = this.#find(diskId)
    if (place) await place.seat.abandon(place.volume, why)
    else await abortFuse(diskFile(this.#options.stateDir, diskId))
  }

  async #renewSpec({ seat, volume }: Place, spec: VolumeSpec): Promise<MountedVolume> {
    checkSame(volume, spec)
    if (volume.spec.grantedAt !== spec.grantedAt) {
      await seat.abandon(volume, 'the disk was taken from this node and granted to it anew')
      checkSame(volume, spec)
    }
    await seat.renewSpec(volume, spec)
    return volume
  }

  /** Puts new processes in the place of all workers, as after an upgrade of their program. */
  async renew(): Promise<void> {
    for (const seat of this.#seats) await seat.renew()
  }

  list(): readonly ServedDisk[] {
    return [...this.#seats].flatMap((seat) => [...seat.volumes.values()]).map(describe)
  }

  /** All that is mounted here and not given up, also by workers of an earlier keeper. */
  async grants(): Promise<readonly ServedGrant[]> {
    const own = [...this.#seats].flatMap((seat) => [...seat.volumes.values()])
    const known = new Set(own.map(({ spec }) => spec.diskId))
    const orphans = (await mountedDisks(this.#options.stateDir)).filter((diskId) => !known.has(diskId))
    return [
      ...own
        .filter(({ isAbandoned }) => !isAbandoned)
        .map(({ spec: { diskId, grantedAt } }) => ({ diskId, grantedAt })),
      ...orphans.map((diskId) => ({ diskId, grantedAt: undefined })),
    ]
  }

  status(): KeeperStatus {
    const workers = [...this.#seats].map(({ pid, volumes, freeSlots, restarts }) => ({
      pid,
      disks: volumes.size,
      freeSlots,
      restarts,
    }))
    return { pid: process.pid, survivesCrashes: this.#survivesCrashes, workers }
  }

  /** Ends all workers. Refused while disks are served, unless forced: their users get I/O errors then. */
  async stop(force: boolean): Promise<void> {
    const disks = this.list().length + this.#attaching
    if (disks > 0 && !force) {
      throw new StorageError('DEVICE_IN_USE', `${disks} disks are attached through the keeper of this node`)
    }
    this.#stopped = true
    await this.#starting
    await Promise.all([...this.#seats].map((seat) => this.#retire(seat)))
  }

  #find(diskId: DiskId): Place | undefined {
    for (const seat of this.#seats) {
      const volume = seat.volumes.get(diskId)
      if (volume !== undefined) return { seat, volume }
    }
    return undefined
  }

  #expect(diskId: DiskId): Place {
    const place = this.#find(diskId)
    if (place !== undefined) return place
    throw new StorageError('ATTACHMENT_NOT_FOUND', `${diskId} is not attached on this node`)
  }

  async #serve(spec: VolumeSpec): Promise<MountedVolume> {
    const { maxDisks, stateDir, log } = this.#options
    if (this.list().length + this.#attaching >= maxDisks) {
      throw new StorageError(
        'ATTACHMENT_LIMIT_REACHED',
        `this node has ${maxDisks} disks attached, its maximum`,
      )
    }
    this.#attaching += 1
    try {
      const file = diskFile(stateDir, spec.diskId)
      await unmountFuse(file) // a mount that an earlier keeper left
      let seat = this.#roomySeat()
      for (; seat === undefined; seat = this.#roomySeat()) await this.#startSeat()
      const volume = await seat.serve(spec, file)
      if (this.#roomySeat() === undefined) {
        this.#startSeat().catch((error) => log.error({ err: error }, 'no spare worker'))
      }
      return volume
    } finally {
      this.#attaching -= 1
    }
  }

  /** One idle worker is kept ready. Those whose slots are used up must not pile up, each with a disk or two. */
  async #tidyUp(seat: WorkerSeat): Promise<void> {
    const { slotsPerWorker, log } = this.#options
    const roomy = [...this.#seats].some((other) => other !== seat && other.freeSlots > 0)
    if (seat.isIdle && (roomy || seat.freeSlots === 0)) await this.#retire(seat)
    else if (seat.freeSlots === 0 && seat.volumes.size <= slotsPerWorker / 4) {
      seat.renew().catch((error) => log.error({ err: error }, 'a worker was not renewed'))
    }
  }

  #roomySeat(): WorkerSeat | undefined {
    return [...this.#seats].find((seat) => seat.freeSlots > 0)
  }

  /** One at a time: whoever needs another worker waits for the same one. */
  #startSeat(): Promise<void> {
    const { worker, slotsPerWorker, stateDir, log } = this.#options
    this.#starting ??= WorkerSeat.start({
      command: worker,
      codeCache: codeCacheFolder(stateDir),
      slots: slotsPerWorker,
      canResend: this.#survivesCrashes,
      log,
    })
      .then((seat) => void this.#seats.add(seat))
      .finally(() => {
        this.#starting = undefined
      })
    return this.#starting
  }

  async #retire(seat: WorkerSeat): Promise<void> {
    this.#seats.delete(seat)
    await seat.retire()
  }
}

function checkSame(volume: MountedVolume, spec: VolumeSpec): void {
  if (volume.session.state === 'failed') {
    throw new StorageError(
      'IDENTITY_MISMATCH',
      `${spec.diskId} is to be detached first: ${volume.session.detail}`,
    )
  }
  if (volume.spec.readOnly !== spec.readOnly) {
    const how = volume.spec.readOnly ? 'read-only' : 'for writing'
    throw new StorageError('ATTACHED_DIFFERENTLY', `${spec.diskId} is attached ${how} on this node`)
  }
}

function describe({ spec, file, sizeBytes, session }: MountedVolume): ServedDisk {
  return { diskId: spec.diskId, file, sizeBytes, readOnly: spec.readOnly, session }
}

async function mountedDisks(stateDir: string): Promise<readonly DiskId[]> {
  const folder = await realpath(disksFolder(stateDir)).catch(() => undefined)
  const mounts = (await readMounts()).filter(({ target }) => dirname(target) === folder)
  return mounts.map(({ target }) => basename(target)).filter(diskIds.is)
}
