import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { API_ROOT } from '../../element/schemas/index.ts'
import { asStorageError, StorageError } from '../../volumegroups/index.ts'
import type { Answer, Message, Transport } from './transport.ts'

export interface WayOptions {
  /** For people: the URL or socket. */
  readonly name: string
  readonly transport: Transport
  /** For looks, which must not wait behind calls for a connection. */
  readonly looks: Transport
  /** Throws when this is not the element that is wanted. */
  readonly recognise: (identity: ElementIdentity, name: string) => void
  readonly timing: WayTiming
  readonly elapsedMs: () => number
}

export interface WayTiming {
  /** A call that has no answer after this has its endpoint looked at, and again each time it passed. */
  readonly doubtMs: number
  /** How long a look waits for the status. */
  readonly lookMs: number
  /** So many good looks in a row, and an endpoint that was given up is used again. */
  readonly looksToReturn: number
  /** One that fails again within this time after its return needs twice as many. */
  readonly steadyMs: number
}

/** However often it failed. */
const MAX_LOOKS = 30

/** No more of the status than is needed, so that the versions of both sides may differ. */
const IdentitySchema = Type.Object({ elementId: Type.String(), name: Type.String() })
export type ElementIdentity = Static<typeof IdentitySchema>

const identities = Compile(IdentitySchema)

/** One endpoint of a list: whether it is used, and what has to happen before it is used again. */
export class Way {
  readonly #options: WayOptions
  /** Why it is not used; undefined while it is. */
  #fault: StorageError | undefined
  #looksNeeded: number
  #goodLooks = 0
  #returnedAtMs: number | undefined
  #isRecognised = false
  #looking: Promise<StorageError | undefined> | undefined

  constructor(options: WayOptions) {
    this.#options = options
    this.#looksNeeded = options.timing.looksToReturn
  }

  get name(): string {
    return this.#options.name
  }

  get fault(): StorageError | undefined {
    return this.#fault
  }

  /** Sends the message once it is known that the right element answers here, and gives up when it no longer does. */
  async send(message: Message): Promise<Answer> {
    if (!this.#isRecognised) {
      const fault = await this.look()
      if (fault !== undefined) throw fault
    }
    const silence = new AbortController()
    const { doubtMs } = this.#options.timing
    let isOver = false
    const doubt = async (): Promise<void> => {
      const fault = await this.look() // goes on without its call: the next one gains by it
      if (fault !== undefined) silence.abort(fault)
      else if (!isOver) timer = setTimeout(doubt, doubtMs)
    }
    let timer = setTimeout(doubt, doubtMs)
    timer.unref()
    const signals = message.signal === undefined ? [silence.signal] : [silence.signal, message.signal]
    try {
      return await this.#options.transport.send({ ...message, signal: AbortSignal.any(signals) })
    } catch (error) {
      throw silence.signal.aborted && !message.signal?.aborted ? silence.signal.reason : error
    } finally {
      isOver = true
      // The caller's own limit may be shorter than it takes to find out: then the look is still made.
      if (!message.signal?.aborted) clearTimeout(timer)
    }
  }

  /** Asks for the status: what is wrong with this endpoint, if anything. */
  look(): Promise<StorageError | undefined> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<StorageError | undefined> {
    try {
      const signal = AbortSignal.timeout(this.#options.timing.lookMs)
      const path = `${API_ROOT}/status`
      const answer = await this.#options.looks.send({ method: 'GET', path, headers: {}, signal })
      this.#options.recognise(parseIdentity(answer), this.name)
    } catch (error) {
      const fault = asFault(error, this.#options.timing.lookMs)
      this.giveUp(fault)
      return fault
    }
    this.#isRecognised = true
    this.#goodLooks += 1
    if (this.#fault !== undefined && this.#goodLooks >= this.#looksNeeded) this.takeBack()
    return undefined
  }

  /** From now on others are asked first. */
  giveUp(fault: StorageError): void {
    const { timing, elapsedMs } = this.#options
    const wasUsed = this.#fault === undefined
    this.#fault = fault
    this.#goodLooks = 0
    this.#isRecognised = false
    if (!wasUsed || this.#returnedAtMs === undefined) return
    const isSteady = elapsedMs() - this.#returnedAtMs > timing.steadyMs
    this.#looksNeeded = isSteady ? timing.looksToReturn : Math.min(this.#looksNeeded * 2, MAX_LOOKS)
  }

  takeBack(): void {
    this.#fault = undefined
    this.#returnedAtMs = this.#options.elapsedMs()
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.transport.close(), this.#options.looks.close()])
  }
}

/** A refusal, such as that of a token, is an answer too, but tells nothing of who gave it. */
function parseIdentity({ status, body }: Answer): ElementIdentity {
  try {
    if (status === 200) return identities.Parse(JSON.parse(body))
  } catch (cause) {
    throw new StorageError('ENDPOINT_UNAVAILABLE', 'it answered with what is no status of an element', {
      cause,
    })
  }
  throw new StorageError('ENDPOINT_UNAVAILABLE', `it answered the question for its status with ${status}`)
}

function asFault(error: unknown, lookMs: number): StorageError {
  const fault = asStorageError(error)
  if (fault.reason !== 'DEADLINE_EXCEEDED') return fault
  const message = `it takes connections and does not tell its status within ${lookMs} ms`
  return new StorageError('ENDPOINT_UNAVAILABLE', message, { cause: error })
}
