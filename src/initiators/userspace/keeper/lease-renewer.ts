import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import {
  asStorageError,
  type DiskId,
  type HeldDisk,
  type Lease,
  type LeaseRenewal,
  MAX_REPORTED_DISKS,
  type StorageError,
  type VolumeGroups,
} from '../../../volumegroups/index.ts'

/**
 * `unheard`: the element has not answered yet. `refused`: another machine is this initiator. `over`: the element may
 * give this node's disks to others. Only the element decides that; disks go on until it says that they are lost.
 */
export interface LeaseState {
  readonly state: 'unheard' | 'alive' | 'over' | 'refused'
  /** Why it is not alive; for people. */
  readonly detail: string
  readonly leftMs: number
  /** What this node held when the element was last heard. */
  readonly holds: readonly DiskId[]
}

/** A disk that this node serves. Left out: which grant it is under is not known. */
export interface ServedGrant {
  readonly diskId: DiskId
  readonly grantedAt: string | undefined
}

export interface LeaseRenewerOptions {
  readonly groups: Pick<VolumeGroups, 'renewLease'>
  readonly renewal: LeaseRenewal
  /** What is served now. */
  readonly served: () => Promise<readonly ServedGrant[]>
  /** This node does not hold the disk any more. */
  readonly lost: (diskId: DiskId) => Promise<void>
  readonly log: Logger
  /** A clock that never steps. */
  readonly elapsedMs?: () => number
}

/** Until the element has said how often. */
const FIRST_RENEW_MS = 3000
const MAX_RETRY_MS = 1000
/** How far this clock and the element's may drift apart. */
const DRIFT = 0.01

/** Tells the element at every interval that this node is alive, and learns from the answers what it has lost. */
export class LeaseRenewer implements AsyncDisposable {
  readonly #options: LeaseRenewerOptions
  readonly #elapsedMs: () => number
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #lease: { readonly lease: Lease; readonly sentMs: number } | undefined
  #failure: StorageError | undefined
  #renewing: Promise<void> | undefined

  constructor(options: LeaseRenewerOptions) {
    this.#options = options
    this.#elapsedMs = options.elapsedMs ?? (() => performance.now())
    this.#running = this.#run()
  }

  /** How it stands, by the last answer. */
  state(): LeaseState {
    const { lease, sentMs } = this.#lease ?? {}
    const holds = lease?.holds.map(({ diskId }) => diskId) ?? []
    const detail = this.#failure?.message ?? ''
    if (this.#failure?.reason === 'LEASE_HELD') return { state: 'refused', detail, leftMs: 0, holds }
    if (lease === undefined || sentMs === undefined) return { state: 'unheard', detail, leftMs: 0, holds }
    const leftMs = Math.max(0, Math.floor(sentMs + lease.durationMs * (1 - DRIFT) - this.#elapsedMs()))
    return { state: leftMs > 0 ? 'alive' : 'over', detail, leftMs, holds }
  }

  /** Renews now. False when the element did not answer: `state` tells why. */
  async renew(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    await this.#renewing
    return this.#failure === undefined
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const heard = await this.renew()
      await sleep(heard ? this.#renewMs : Math.min(this.#renewMs, MAX_RETRY_MS), undefined, { signal }).catch(
        () => {}, // stopped
      )
    }
  }

  get #renewMs(): number {
    return this.#lease?.lease.renewMs ?? FIRST_RENEW_MS
  }

  /** What is lost is found among what was served before the element was asked: what is attached later may be newer. */
  async #renew(): Promise<void> {
    const { groups, renewal, served, log } = this.#options
    try {
      const before = await served()
      const sentMs = this.#elapsedMs()
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#renewMs)])
      const lease = await groups.renewLease({ ...renewal, serves: reported(before) }, { signal })
      if (this.#failure) log.info('the lease is renewed again')
      this.#lease = { lease, sentMs }
      this.#failure = undefined
      await this.#letGo(before, lease.holds)
    } catch (error) {
      const failure = asStorageError(error)
      if (this.#failure?.reason !== failure.reason && !this.#stop.signal.aborted) {
        log.warn({ err: failure }, 'the lease was not renewed')
      }
      this.#failure = failure
    }
  }

  async #letGo(before: readonly ServedGrant[], holds: readonly HeldDisk[]): Promise<void> {
    const held = new Map(holds.map(({ diskId, grantedAt }) => [diskId, grantedAt.toISOString()]))
    for (const { diskId, grantedAt } of before) {
      const now = held.get(diskId)
      if (now !== undefined && (grantedAt === undefined || grantedAt === now)) continue
      this.#options.log.error({ diskId }, 'this node has lost a disk: its I/O fails from now on')
      await this.#options.lost(diskId).catch((err) => {
        this.#options.log.error({ err, diskId }, 'a lost disk could not be failed; trying again')
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }
}

/** Where nothing is served here, the kernel may serve the node's disks: then this process can not tell. */
const reported = (served: readonly ServedGrant[]): DiskId[] | undefined =>
  served.length === 0 ? undefined : served.slice(0, MAX_REPORTED_DISKS).map(({ diskId }) => diskId)
