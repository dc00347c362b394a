import type { Logger } from 'pino'
import type { InFlight } from '../rpc/in-flight.ts'
import { type DiskId, type DiskSession, type RepairFault, StorageError } from '../volumegroups/index.ts'
import { release } from './encryption.ts'
import type { NodeParts } from './parts.ts'
import { hasMount } from './records.ts'
import { publishedAt } from './targets.ts'

/** What one look at the node's disks found. */
export interface HealReport {
  readonly sessions: readonly DiskSession[]
  readonly faults: readonly RepairFault[]
  /** The element answered. */
  readonly isHeard: boolean
}

export interface HealerOptions {
  readonly parts: NodeParts
  /** Shared with the CSI calls: a volume that one of them works on is left alone. */
  readonly inFlight: InFlight
  readonly log: Logger
  readonly everyMs: number
  /** After each look. */
  readonly onReport?: (report: HealReport) => void
}

/** One look may take this long, however many disks there are. */
const LOOK_LIMIT_MS = 60_000
/** One disk's way is asked for no longer than this: one bad portal or element must not keep the others waiting. */
const CONNECTION_LIMIT_MS = 10_000

/**
 * Looks at the disks of this node every so often: fails what it has lost, repairs the sessions, and takes down what is
 * dead and used by nobody. What is dead and in use is told by the health calls, and healed by the next stage.
 */
export class Healer implements AsyncDisposable {
  readonly #options: HealerOptions
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<HealReport | undefined> | undefined

  constructor(options: HealerOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.look(), options.everyMs)
  }

  /** Never throws: what went wrong is logged, and the next look is due in any case. Undefined when it could not look. */
  look(): Promise<HealReport | undefined> {
    this.#looking ??= this.#look()
      .catch((err) => {
        if (!this.#stop.signal.aborted) this.#options.log.warn({ err }, 'the disks could not be looked at')
        return undefined
      })
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #look(): Promise<HealReport> {
    const { parts, log, onReport } = this.#options
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LOOK_LIMIT_MS)])
    const isHeard = await this.#letGoOfLost(signal)
    const faults = await parts.initiator.repair((diskId) => connectionOf(parts, diskId, signal), { signal })
    for (const { diskId, error } of faults)
      log.warn({ err: error, diskId }, 'a session could not be repaired')
    const sessions = await parts.initiator.sessions({ signal })
    for (const { diskId, state } of sessions) if (state === 'failed') await this.#takeDownDead(diskId)
    const report = { sessions, faults, isHeard }
    onReport?.(report)
    return report
  }

  /** Only what was attached before the element was asked: what came later it may not have told of. */
  async #letGoOfLost(signal: AbortSignal): Promise<boolean> {
    const { lease, initiator } = this.#options.parts
    const attached = await initiator.list({ signal })
    const holds = await lease?.holds()
    if (holds === undefined) return false
    const held = new Set(holds)
    for (const { diskId } of attached) {
      if (held.has(diskId)) continue
      await initiator.lose(diskId, 'the element has taken the disk from this node', { signal })
    }
    return true
  }

  async #takeDownDead(diskId: DiskId): Promise<void> {
    const { parts, inFlight, log } = this.#options
    try {
      await inFlight.run('heal', `volume ${diskId}`, async () => {
        const record = await parts.records.read(diskId)
        if (record !== undefined) {
          if ((await publishedAt(parts, record)).length > 0) return
          if (hasMount(record)) await parts.machine.unmount(record.stagingPath)
        }
        await release(parts, diskId)
        log.info({ diskId }, 'a disk that failed for good was taken down')
      })
    } catch (err) {
      if (!(err instanceof StorageError && err.reason === 'ENTITY_BUSY')) {
        log.warn({ err, diskId }, 'a disk that failed for good can not be taken down yet')
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.#looking
  }
}

const connectionOf = ({ groups, nodeId }: NodeParts, diskId: DiskId, signal: AbortSignal) =>
  groups.connection(diskId, nodeId, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECTION_LIMIT_MS)]),
  })
