import { type ChapOptions, checkChapOptions } from './chap.ts'
import { Connection } from './connection.ts'
import { IscsiError, protocolError } from './errors.ts'
import { type LoginIdentity, type LoginTurn, loginDialogue } from './login-dialogue.ts'
import { loginError, type PortalAddress, parseTargetAddress } from './login-status.ts'
import { DEFAULT_SEGMENT_BYTES, type Offer, type SessionParameters } from './negotiation.ts'
import { CONTINUE, encodeLogin, ittOf, OPCODE, opcodeOf, TRANSIT } from './pdu.ts'
import type { PduConsumer } from './pdu-reader.ts'
import { nextSerial } from './serial-number.ts'
import { decodeKeys, encodeKeys } from './text-keys.ts'

export interface LoginOptions {
  readonly portal: PortalAddress
  readonly initiatorName: string
  /** Undefined logs in for discovery. */
  readonly targetName?: string | undefined
  /** 6 bytes; a session with the same name and ISID takes the place of the older one. */
  readonly isid: Uint8Array
  readonly chap?: ChapOptions | undefined
  readonly offer: Offer
  /** For connecting and logging in together, redirects included. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly firstCmdSn: number
}

/** A connection in full-feature phase, and where its sequence numbers stand. */
export interface Established {
  readonly connection: Connection
  readonly parameters: SessionParameters
  readonly cmdSn: number
  readonly expStatSn: number
  readonly maxCmdSn: number
}

/** Takes the connection over, in the same turn in which the login ends: the next PDU may be there already. */
export type TakeOver<Owner extends PduConsumer & { ended(error: IscsiError): void }> = (
  link: Established,
) => Owner

const MAX_REDIRECTS = 3
/** Of all text in one login. */
const MAX_TEXT_BYTES = 64 * 1024
const MAX_PDUS = 64
/** One tag serves the whole login. */
const ITT = 0
const NOTHING = Buffer.alloc(0)

/** Connects and logs in, following redirects. */
export async function login<Owner extends PduConsumer & { ended(error: IscsiError): void }>(
  options: LoginOptions,
  takeOver: TakeOver<Owner>,
): Promise<Owner> {
  if (options.isid.length !== 6) throw new IscsiError('invalid_argument', 'an ISID has 6 bytes')
  if (options.chap) checkChapOptions(options.chap)
  const deadline = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline
  let { portal } = options
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const outcome = await attempt({ ...options, portal, signal }, takeOver)
    if (!('redirect' in outcome)) return outcome.owner
    portal = outcome.redirect
  }
  throw new IscsiError(
    'too_many_redirects',
    `the target redirected the login more than ${MAX_REDIRECTS} times`,
  )
}

type Outcome<Owner> = { readonly owner: Owner } | { readonly redirect: PortalAddress }

function attempt<Owner extends PduConsumer & { ended(error: IscsiError): void }>(
  options: LoginOptions & { signal: AbortSignal },
  takeOver: TakeOver<Owner>,
): Promise<Outcome<Owner>> {
  return new Promise((resolve, reject) => {
    let owner: Owner | undefined
    const { signal } = options
    const onAbort = () => {
      const timedOut = (signal.reason as Error)?.name === 'TimeoutError'
      const why = timedOut ? `no login within ${options.timeoutMs} ms` : 'the login was cancelled'
      connection.destroy(new IscsiError(timedOut ? 'timed_out' : 'closed', why, { cause: signal.reason }))
    }
    const exchange = new LoginExchange(options, {
      send: (bhs, text) => connection.send(bhs, text),
      redirect: (portal) => {
        resolve({ redirect: portal })
        connection.destroy(new IscsiError('session_ended', 'redirected'))
      },
      done: (numbers, parameters) => {
        signal.removeEventListener('abort', onAbort)
        owner = takeOver({ connection, parameters, ...numbers })
        connection.establish(owner, parameters)
        resolve({ owner })
      },
    })
    const connection = new Connection(options.portal, exchange, (error) => {
      signal.removeEventListener('abort', onAbort)
      if (owner) owner.ended(error)
      else reject(error)
    })
    connection.onceConnected(() => exchange.start())
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
}

interface LoginEvents {
  send(bhs: Buffer, text: Buffer): void
  redirect(portal: PortalAddress): void
  done(numbers: { cmdSn: number; expStatSn: number; maxCmdSn: number }, parameters: SessionParameters): void
}

/** Carries the turns of a login dialogue in Login PDUs, in as many as their text needs. */
class LoginExchange implements PduConsumer {
  readonly #options: LoginOptions
  readonly #events: LoginEvents
  readonly #dialogue: ReturnType<typeof loginDialogue>
  #turn: LoginTurn | undefined
  #unsent: Buffer = NOTHING
  #received: Buffer[] = []
  #receivedBytes = 0
  #pdus = 0
  #expStatSn: number | undefined
  #maxCmdSn = 0

  constructor(options: LoginOptions, events: LoginEvents) {
    this.#options = options
    this.#events = events
    const { initiatorName, targetName, chap, offer } = options
    this.#dialogue = loginDialogue({ initiatorName, targetName, chap, offer } satisfies LoginIdentity)
  }

  start(): void {
    this.#proceed(this.#dialogue.next())
  }

  place(): undefined {
    return undefined
  }

  receive(bhs: Buffer, data: Buffer): void {
    this.#checkKind(bhs)
    const status = bhs.readUInt16BE(36)
    if (status >> 8 === 1) {
      this.#events.redirect(redirectAddress(data))
      return
    }
    if (status !== 0) throw loginError(status)
    const turn = this.#checkFields(bhs)
    this.#countNumbers(bhs)
    this.#collect(data)
    const flags = bhs[1]!
    if (flags & CONTINUE) this.#sendPart(turn, NOTHING, false)
    else if (this.#unsent.length > 0) this.#sendNext(turn)
    else this.#answered((flags & TRANSIT) !== 0)
  }

  #answered(transit: boolean): void {
    const keys = decodeKeys(Buffer.concat(this.#received))
    this.#received = []
    this.#proceed(this.#dialogue.next({ transit, keys }))
  }

  #proceed(step: IteratorResult<LoginTurn, SessionParameters>): void {
    if (step.done) {
      const numbers = { expStatSn: this.#expStatSn ?? 0, maxCmdSn: this.#maxCmdSn }
      this.#events.done({ cmdSn: this.#options.firstCmdSn, ...numbers }, step.value)
      return
    }
    this.#turn = step.value
    this.#unsent = encodeKeys(step.value.keys)
    this.#sendNext(step.value)
  }

  #sendNext(turn: LoginTurn): void {
    const part = this.#unsent.subarray(0, DEFAULT_SEGMENT_BYTES)
    this.#unsent = this.#unsent.subarray(part.length)
    this.#sendPart(turn, part, this.#unsent.length === 0)
  }

  #sendPart(turn: LoginTurn, text: Buffer, last: boolean): void {
    this.#pdus += 1
    if (this.#pdus > MAX_PDUS) throw protocolError('the target never came to the end of the login')
    const more = !last && text.length > 0
    const sequence = { itt: ITT, cmdSn: this.#options.firstCmdSn, expStatSn: this.#expStatSn ?? 0 }
    const { isid } = this.#options
    const transit = last && turn.transit
    this.#events.send(
      encodeLogin(sequence, { isid, stage: turn.stage, nextStage: turn.nextStage, transit, more }),
      text,
    )
  }

  #checkKind(bhs: Buffer): void {
    const opcode = opcodeOf(bhs)
    if (opcode === OPCODE.reject) {
      throw new IscsiError('rejected', `the target rejected the login (reason ${bhs[2]})`)
    }
    if (opcode !== OPCODE.loginResponse) throw protocolError('the target answered the login with another PDU')
  }

  /** Only in a good answer: in the others some targets leave these fields empty. */
  #checkFields(bhs: Buffer): LoginTurn {
    const turn = this.#turn
    const ours = ittOf(bhs) === ITT && bhs.subarray(8, 14).equals(this.#options.isid)
    if (!ours || turn === undefined) throw protocolError('the target answered a login that was not sent')
    const flags = bhs[1]!
    if (((flags >> 2) & 3) !== turn.stage) throw protocolError('the target answered for another login stage')
    if (flags & TRANSIT && (!turn.transit || (flags & 3) !== turn.nextStage)) {
      throw protocolError('the target left the login stage unasked')
    }
    if (flags & TRANSIT && flags & CONTINUE) {
      throw protocolError('the target ended a stage in the middle of its text')
    }
    return turn
  }

  #countNumbers(bhs: Buffer): void {
    const statSn = bhs.readUInt32BE(24)
    if (this.#expStatSn !== undefined && statSn !== this.#expStatSn)
      throw protocolError('a StatSN is missing in the login')
    this.#expStatSn = nextSerial(statSn)
    this.#maxCmdSn = bhs.readUInt32BE(32)
  }

  #collect(data: Buffer): void {
    this.#receivedBytes += data.length
    if (this.#receivedBytes > MAX_TEXT_BYTES) {
      throw new IscsiError(
        'limit_exceeded',
        `the target sent more than ${MAX_TEXT_BYTES} bytes of login text`,
      )
    }
    this.#received.push(Buffer.from(data))
  }
}

function redirectAddress(data: Buffer): PortalAddress {
  const portal = parseTargetAddress(decodeKeys(data).get('TargetAddress') ?? '')
  if (portal === undefined) throw protocolError('the target redirected the login to no valid address')
  return portal
}
