import type { Database, Reader } from './database.ts'
import { StorageError } from './errors.ts'
import type { DiskId, InitiatorId } from './ids.ts'
import type { HeldDisk, Lease, LeaseRecord, LeaseRenewal } from './leases.ts'
import { notFound } from './operations/parts.ts'
import type { Caller } from './ports.ts'
import type { NodeReport } from './rules/drift/nodes.ts'
import { type LeaseTimes, overAfterMs } from './rules/leases.ts'
import { checkRenewal } from './rules/requests.ts'
import { readerFor } from './scope.ts'
import type { Attachment } from './types.ts'

/** How the holder of an attachment stands with its lease. */
export interface Standing {
  readonly isOver: boolean
  /** When it was last heard of, for people. */
  readonly told: string
}

/** Never steps, nor runs while this process does not: nobody could be heard meanwhile. */
export interface LeaseClock extends Disposable {
  elapsedMs(): number
}

export interface LeaseBookOptions {
  readonly database: Database
  readonly times: LeaseTimes
  readonly now: () => Date
  readonly clock: LeaseClock
}

type Held = Pick<Attachment, 'diskId' | 'initiatorId'>

/**
 * Who counts as alive. Time is counted here, from when a renewal came in; the database remembers who renewed, not
 * how long ago. At the start every lease counts as just renewed: before it nobody could be heard.
 */
export class LeaseBook implements Disposable {
  readonly #options: LeaseBookOptions
  readonly #heardMs = new Map<InitiatorId, number>()
  readonly #grantedMs = new Map<string, number>()
  /** What initiators said with their last renewal. */
  readonly #serves = new Map<InitiatorId, readonly DiskId[]>()
  readonly #shutOut = new Set<InitiatorId>()
  #listeningSinceMs = Number.POSITIVE_INFINITY

  constructor(options: LeaseBookOptions) {
    this.#options = options
  }

  /** From now on initiators can be heard. */
  begin(): void {
    this.#listeningSinceMs = this.#options.clock.elapsedMs()
  }

  async renew({ serves, ...renewal }: LeaseRenewal, caller: Caller | undefined): Promise<Lease> {
    const { database, times, now, clock } = this.#options
    checkRenewal({ ...renewal, serves })
    const { initiatorId } = renewal
    const heardMs = clock.elapsedMs()
    const holds = await database.transact(async (tx) => {
      const reader = await readerFor(tx, caller)
      if ((await reader.initiator(initiatorId)) === undefined) {
        throw notFound({ kind: 'initiator', id: initiatorId })
      }
      this.#refuseTwin(renewal, await tx.lease(initiatorId))
      await tx.putLease({ ...renewal, renewedAt: now() })
      return heldBy(reader, initiatorId)
    })
    this.#heardMs.set(initiatorId, heardMs)
    if (serves) this.#serves.set(initiatorId, serves)
    else this.#serves.delete(initiatorId)
    this.#shutOut.delete(initiatorId)
    return { initiatorId, durationMs: times.durationMs, renewMs: times.renewMs, holds }
  }

  /** What an initiator was just given stays its own for as long as a lease, heard of or not. */
  granted(held: Held): void {
    this.#grantedMs.set(keyOf(held), this.#options.clock.elapsedMs())
  }

  revoked(held: Held): void {
    this.#grantedMs.delete(keyOf(held))
  }

  /** What those that are alive say that they serve. */
  reports(): readonly NodeReport[] {
    const nowMs = this.#options.clock.elapsedMs()
    const overMs = overAfterMs(this.#options.times)
    return [...this.#serves]
      .filter(([id]) => nowMs - (this.#heardMs.get(id) ?? Number.NEGATIVE_INFINITY) < overMs)
      .map(([initiatorId, serves]) => ({ initiatorId, serves }))
  }

  /** The initiator, silent since, has no session and no valid credentials. */
  markShutOut(id: InitiatorId): void {
    this.#shutOut.add(id)
  }

  isShutOut(id: InitiatorId): boolean {
    return this.#shutOut.has(id)
  }

  [Symbol.dispose](): void {
    this.#options.clock[Symbol.dispose]()
  }

  async standing(reader: Reader, held: Held): Promise<Standing> {
    const nowMs = this.#options.clock.elapsedMs()
    const heardMs = this.#heardMs.get(held.initiatorId)
    const sinceMs = Math.max(
      this.#listeningSinceMs,
      heardMs ?? Number.NEGATIVE_INFINITY,
      this.#grantedMs.get(keyOf(held)) ?? Number.NEGATIVE_INFINITY,
    )
    const leftMs = sinceMs + overAfterMs(this.#options.times) - nowMs
    const last = await reader.lease(held.initiatorId)
    const heard =
      heardMs !== undefined
        ? `last heard of ${seconds(nowMs - heardMs)} ago`
        : last
          ? `last heard of at ${last.renewedAt.toISOString()}`
          : 'never heard of'
    const rest = leftMs > 0 ? `its lease may last ${seconds(leftMs)} more` : 'its lease is over'
    return { isOver: leftMs <= 0, told: `${heard}; ${rest}` }
  }

  #refuseTwin({ initiatorId: id, instance, host }: LeaseRenewal, last: LeaseRecord | undefined): void {
    if (last === undefined || last.instance === instance) return
    const nowMs = this.#options.clock.elapsedMs()
    const heardMs = this.#heardMs.get(id) ?? this.#listeningSinceMs
    const leftMs = heardMs + overAfterMs(this.#options.times) - nowMs
    if (leftMs <= 0) return
    const first = `host ${last.host} (boot ${last.instance}) is initiator ${id}, last heard of at ${last.renewedAt.toISOString()}`
    const second = `host ${host} (boot ${instance}) can not be it too for another ${seconds(leftMs)}`
    throw new StorageError('LEASE_HELD', `${first}; ${second}`, { entity: { kind: 'initiator', id } })
  }
}

const keyOf = ({ diskId, initiatorId }: { diskId: DiskId; initiatorId: InitiatorId }): string =>
  `${diskId} ${initiatorId}`

const seconds = (ms: number): string => `${(Math.max(0, ms) / 1000).toFixed(1)} s`

async function heldBy(reader: Reader, initiatorId: InitiatorId): Promise<readonly HeldDisk[]> {
  const limit = await reader.countAttachments(initiatorId)
  const held = await reader.attachments({ initiatorId, own: initiatorId }, { after: undefined, limit })
  return held.map(({ diskId, grantedAt }) => ({ diskId, grantedAt }))
}
