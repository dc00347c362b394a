import { setTimeout as delay } from 'node:timers/promises'
import { Backoff } from './backoff.ts'
import type { ChapOptions } from './chap.ts'
import type { DiskState, ReconnectingDiskOptions } from './disk-options.ts'
import { IscsiError } from './errors.ts'
import { Lun } from './lun.ts'
import { checkIdentity, type LunFacts, readFacts } from './lun-facts.ts'
import { Session } from './session.ts'

export interface DiskLinkEvents {
  /** The LUN is verified: what waits may be sent. */
  online(session: Session, facts: LunFacts): void
  /** Nothing may be sent. */
  offline(): void
  /** What waits has no hope. */
  hopeless(error: IscsiError): void
  state(state: DiskState): void
}

interface Verified {
  readonly session: Session
  readonly facts: LunFacts
}

/** A session that lasted so long was a good one: its loss is no reason to be patient. */
const STEADY_MS = 1000

/** Keeps one verified session to a LUN: makes a new one whenever it is lost, and stops for ever when the LUN is another. */
export class DiskLink {
  readonly #options: ReconnectingDiskOptions
  readonly #maxWaiting: number
  readonly #events: DiskLinkEvents
  readonly #closing = new AbortController()
  readonly #backoff = new Backoff()
  #session: Session | undefined
  #portal = 0
  #chap: ChapOptions | undefined
  /** Ends a pause between two attempts. */
  #wake = new AbortController()
  #blockSize: number | undefined
  /** Set while verified; ends that state. */
  #leave: ((why: 'lost' | 'in doubt') => void) | undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(options: ReconnectingDiskOptions, maxWaiting: number, events: DiskLinkEvents) {
    this.#options = options
    this.#chap = options.chap
    this.#maxWaiting = maxWaiting
    this.#events = events
  }

  /** Tries each portal once. */
  async open(): Promise<Verified> {
    let failure: unknown
    for (const _ of this.#options.portals) {
      try {
        const session = await this.#login(this.#options.signal)
        const facts = await this.#verify(session, !this.#options.shared)
        this.#loop = this.#keep(session, facts)
        return { session, facts }
      } catch (error) {
        failure = expectIscsiError(error)
        this.#session?.destroy(failure as IscsiError)
        this.#portal += 1
      }
    }
    throw failure
  }

  /** The LUN may have become another one: sends nothing before that is known. */
  doubt(): void {
    this.#leave?.('in doubt')
  }

  /** For the logins to come; one that waits is tried at once. */
  useCredentials(chap: ChapOptions | undefined): void {
    this.#chap = chap
    this.#wake.abort()
  }

  /** Final: nothing is sent or logged in for again. */
  abandon(error: IscsiError): void {
    this.#stop(this.#session, error)
    this.#leave?.('lost')
  }

  /** Logs out, within the session's own limit. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#leave?.('lost')
    if (this.#session?.end === undefined) await this.#session?.logout()
    await this.#loop
  }

  async #keep(first: Session, firstFacts: LunFacts): Promise<void> {
    let session = first
    let facts = firstFacts
    for (;;) {
      const since = performance.now()
      const why = await this.#stay(session, facts)
      if (this.#closing.signal.aborted) return
      if (performance.now() - since > STEADY_MS) this.#backoff.reset()
      const next = await this.#regain(session, why === 'in doubt')
      if (next === undefined) return
      session = next.session
      facts = next.facts
    }
  }

  /** Online until the session is lost or its LUN is in doubt. */
  async #stay(session: Session, facts: LunFacts): Promise<'lost' | 'in doubt'> {
    if (session.end) return 'lost'
    const left = new Promise<'lost' | 'in doubt'>((resolve) => {
      this.#leave = (why) => {
        this.#leave = undefined
        this.#events.offline()
        resolve(why)
      }
    })
    this.#events.state({ kind: 'online' })
    this.#events.online(session, facts)
    return left
  }

  /** Tries for ever to have a verified session again; undefined when closing or when the LUN is another one. */
  async #regain(old: Session, usable: boolean): Promise<Verified | undefined> {
    let session: Session | undefined = usable ? old : undefined
    let barrier = false
    let goneSince: number | undefined
    let error = old.end
    while (!this.#closing.signal.aborted) {
      if (error) await this.#pause(error)
      if (this.#closing.signal.aborted) break
      try {
        if (session === undefined || session.end !== undefined) {
          barrier = !this.#options.shared
          session = await this.#login(this.#closing.signal)
        }
        return { session, facts: await this.#verify(session, barrier) }
      } catch (cause) {
        error = expectIscsiError(cause)
        if (error.code === 'identity_mismatch') return this.#stop(session, error)
        goneSince = error.code === 'lun_gone' ? (goneSince ?? performance.now()) : undefined
        if (goneSince !== undefined) this.#checkPatience(goneSince, error)
        else session = this.#drop(session, error)
      }
    }
    session?.destroy()
    return undefined
  }

  #checkPatience(goneSince: number, error: IscsiError): void {
    const limitMs = this.#options.timeouts?.lunGoneMs ?? Number.POSITIVE_INFINITY
    if (performance.now() - goneSince >= limitMs) this.#events.hopeless(error)
  }

  #drop(session: Session | undefined, error: IscsiError): undefined {
    session?.destroy(error)
    this.#portal += 1
  }

  #stop(session: Session | undefined, error: IscsiError): undefined {
    this.#events.state({ kind: 'stopped', error })
    this.#events.hopeless(error)
    this.#closing.abort()
    session?.destroy(error)
  }

  async #pause(error: IscsiError): Promise<void> {
    const waitMs = this.#backoff.next(error)
    const { attempt } = this.#backoff
    const gone = error.code === 'lun_gone'
    this.#events.state(gone ? { kind: 'lun_gone', error } : { kind: 'reconnecting', error, attempt })
    this.#wake = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, this.#wake.signal])
    await delay(waitMs, undefined, { signal }).catch(() => {}) // woken by close, or because there is hope
  }

  async #login(signal: AbortSignal | undefined): Promise<Session> {
    const { portals, targetName, initiatorName, isid, digests, offer, timeouts } = this.#options
    this.#session = await Session.login({
      portal: portals[this.#portal % portals.length]!,
      targetName,
      initiatorName,
      isid,
      chap: this.#chap,
      offer: { headerDigest: digests?.header ?? false, dataDigest: digests?.data ?? false, ...offer },
      timeouts,
      maxWaiting: this.#maxWaiting,
      signal,
      onEnd: () => this.#leave?.('lost'),
    })
    return this.#session
  }

  /**
   * In this order: attentions drained, identity compared, and only then the barrier, so that another's LUN is never reset;
   * after the barrier nothing that an earlier session sent can land any more.
   */
  async #verify(session: Session, barrier: boolean): Promise<LunFacts> {
    const lun = new Lun(session, this.#options.lun)
    await lun.ready()
    await checkIdentity(lun, this.#options.expected)
    if (barrier) await lun.barrier()
    const facts = await readFacts(lun)
    this.#blockSize ??= facts.blockSize
    if (facts.blockSize === this.#blockSize) return facts
    throw new IscsiError('identity_mismatch', `the LUN's blocks became ${facts.blockSize} bytes long`)
  }
}

/** Anything else is a defect of this library, and must not be retried away. */
function expectIscsiError(error: unknown): IscsiError {
  if (error instanceof IscsiError) return error
  throw error
}
