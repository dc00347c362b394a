import { IscsiError } from './errors.ts'
import { MAX_ATTENTIONS, MAX_HELD_TRIES, MAX_LATER_RETRIES, RETRY_LATER_MS, scsiError } from './lun.ts'
import type { Done, ScsiCommand, ScsiResult } from './scsi-tasks.ts'
import { judge, type Verdict } from './sense.ts'
import type { Session } from './session.ts'

/** READ and WRITE (16): these move all of their data or have failed. About others targets count residuals differently. */
const TRANSFERS: ReadonlySet<number> = new Set([0x88, 0x8a])

interface Request extends ScsiCommand {
  readonly done: Done
  readonly resolve: () => void
  readonly reject: (error: IscsiError) => void
  attentions: number
  delays: number
  heldTries: number
}

export interface DiskRequestEvents {
  /** The LUN may be gone or be another one. */
  doubt(): void
  capacityChanged(): void
}

/** The requests of a disk, from the first sending to the answer, over as many sessions as it takes. */
export class DiskRequests {
  /** Requests open at one time; one more is refused. */
  static readonly MAX_OPEN = 4096
  readonly #lun: number
  readonly #events: DiskRequestEvents
  readonly #retryWriteMs: number
  #session: Session | undefined
  #open = 0
  /** Not at the target: to be sent with the next session, in this order. */
  readonly #waiting = new Set<Request>()
  /** Set for good: nothing is sent any more. */
  #failure: IscsiError | undefined
  #onIdle: (() => void) | undefined

  /** @param retryWriteMs how long a write for which there is no space waits until it is tried again. */
  constructor(lun: number, events: DiskRequestEvents, retryWriteMs: number) {
    this.#lun = lun
    this.#events = events
    this.#retryWriteMs = retryWriteMs
  }

  send(cdb: Buffer, dataIn?: Uint8Array, dataOut?: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#open >= DiskRequests.MAX_OPEN) {
        throw new IscsiError('queue_full', `more than ${DiskRequests.MAX_OPEN} requests are open`)
      }
      this.#open += 1
      const done: Done = (error, result) => this.#done(request, error, result)
      const request: Request = {
        lun: this.#lun,
        cdb,
        dataIn,
        dataOut,
        done,
        resolve,
        reject,
        attentions: 0,
        delays: 0,
        heldTries: 0,
      }
      this.#dispatch(request)
    })
  }

  /** Sends what waits, and from now on all, to this session. */
  resume(session: Session): void {
    this.#session = session
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const request of waiting) this.#dispatch(request)
  }

  /** From now on all requests wait. */
  pause(): void {
    this.#session = undefined
  }

  /** Those that wait fail; after `identity_mismatch` or `closed`, so do all others. */
  failWaiting(error: IscsiError): void {
    if (error.code !== 'lun_gone') this.#failure ??= error
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const request of waiting) this.#reject(request, error)
  }

  /** Resolves when no request is open and then the last command, if any, is done. */
  async drain(last: Buffer | undefined): Promise<void> {
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    if (last) await this.send(last)
  }

  #dispatch(request: Request): void {
    if (this.#failure) this.#reject(request, this.#failure)
    else if (this.#session === undefined || this.#session.end) this.#waiting.add(request)
    else this.#session.submit(request, request.done)
  }

  #done(request: Request, error: IscsiError | undefined, result: ScsiResult): void {
    if (error === undefined) this.#judge(request, result)
    else if (error.code === 'target_failure') this.#later(request, () => error)
    else this.#dispatch(request) // the session is over, or the target confirmed that it aborted the command
  }

  #judge(request: Request, result: ScsiResult): void {
    const verdict = judge(result.status, result.sense)
    switch (verdict) {
      case 'good':
        this.#good(request, result)
        break
      case 'capacity_changed':
        this.#again(request, verdict, result)
        this.#events.capacityChanged()
        break
      case 'retry':
        this.#again(request, verdict, result)
        break
      case 'identity_in_doubt':
      case 'lun_gone':
        this.#events.doubt()
        this.#dispatch(request)
        break
      case 'out_of_space':
      case 'medium_error':
        this.#hold(request, () => scsiError(verdict, result))
        break
      case 'retry_later':
        this.#later(request, () => scsiError(verdict, result))
        break
      default:
        this.#reject(request, scsiError(verdict, result))
    }
  }

  #good(request: Request, result: ScsiResult): void {
    if (result.residualBytes > 0 && TRANSFERS.has(request.cdb[0]!)) {
      const message = 'the target moved less data than it was asked to'
      this.#reject(request, new IscsiError('protocol_error', message))
      return
    }
    this.#settle()
    request.resolve()
  }

  #again(request: Request, verdict: Verdict, result: ScsiResult): void {
    request.attentions += 1
    if (request.attentions > MAX_ATTENTIONS) this.#reject(request, scsiError(verdict, result))
    else this.#dispatch(request)
  }

  #later(request: Request, error: () => IscsiError): void {
    request.delays += 1
    if (request.delays > MAX_LATER_RETRIES) this.#reject(request, error())
    else setTimeout(() => this.#dispatch(request), RETRY_LATER_MS)
  }

  /**
   * A write that found no space is tried again for a while: the pool's owner frees some, or has everyone wait. What
   * carries no data is not: a flush that failed once may succeed the next time with its data lost.
   */
  #hold(request: Request, error: () => IscsiError): void {
    request.heldTries += 1
    if (request.dataOut === undefined || request.heldTries > MAX_HELD_TRIES) this.#reject(request, error())
    else setTimeout(() => this.#dispatch(request), this.#retryWriteMs)
  }

  #reject(request: Request, error: IscsiError): void {
    this.#settle()
    request.reject(error)
  }

  #settle(): void {
    this.#open -= 1
    if (this.#open === 0) this.#onIdle?.()
  }
}
