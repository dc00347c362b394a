import { ChapExchange, type ChapOptions, offeredAlgorithms } from './chap.ts'
import { IscsiError, protocolError } from './errors.ts'
import { DECLARED_BY_TARGET, type Offer, offeredKeys, type SessionParameters, settle } from './negotiation.ts'
import type { KeyValue } from './text-keys.ts'

export const STAGE = { security: 0, operational: 1, fullFeature: 3 } as const
export type Stage = (typeof STAGE)[keyof typeof STAGE]

/** What to send next: keys, and whether this side is done with the stage. */
export interface LoginTurn {
  readonly stage: Stage
  readonly nextStage: Stage
  readonly transit: boolean
  readonly keys: readonly KeyValue[]
}

/** What the target said to it. */
export interface LoginReply {
  readonly transit: boolean
  readonly keys: ReadonlyMap<string, string>
}

export interface LoginIdentity {
  readonly initiatorName: string
  /** Undefined for a discovery session. */
  readonly targetName: string | undefined
  readonly chap: ChapOptions | undefined
  readonly offer: Offer
}

type Dialogue<Result> = Generator<LoginTurn, Result, LoginReply>

const MAX_TURNS = 16

/** The login phase (RFC 7143 §6.3) as pure conversation: yields what to send, takes what was answered. */
export function* loginDialogue(identity: LoginIdentity): Dialogue<SessionParameters> {
  const answers = new Map<string, string>()
  yield* secure(identity)
  yield* negotiate(identity, answers)
  return settle(identity.offer, answers)
}

function* secure(identity: LoginIdentity): Dialogue<void> {
  const { chap } = identity
  const keys = [...identityKeys(identity), ['AuthMethod', chap ? 'CHAP' : 'None'] as const]
  const reply = yield* security(keys, chap === undefined)
  const method = reply.keys.get('AuthMethod')
  if (chap === undefined) {
    if (method !== undefined && method !== 'None') throw refusedMethod()
    return yield* leaveSecurity(reply)
  }
  if (method !== 'CHAP') throw refusedMethod()
  const exchange = new ChapExchange(chap)
  const challenge = yield* security([['CHAP_A', offeredAlgorithms(chap)]], false)
  const proof = yield* security(exchange.answer(challenge.keys), true)
  exchange.verify(proof.keys)
  return yield* leaveSecurity(proof)
}

function* security(keys: readonly KeyValue[], transit: boolean): Dialogue<LoginReply> {
  return yield { stage: STAGE.security, nextStage: STAGE.operational, transit, keys }
}

/** A target may want further, empty, turns before it agrees to leave the stage. */
function* leaveSecurity(last: LoginReply): Dialogue<void> {
  let reply = last
  for (let turn = 0; !reply.transit; turn += 1) {
    if (turn === MAX_TURNS) throw endless()
    reply = yield* security([], true)
  }
}

function* negotiate(identity: LoginIdentity, answers: Map<string, string>): Dialogue<void> {
  const offered = offeredKeys(identity.offer, identity.targetName === undefined)
  const known = new Set(offered.map(([key]) => key))
  let keys: readonly KeyValue[] = offered
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const reply = yield { stage: STAGE.operational, nextStage: STAGE.fullFeature, transit: true, keys }
    keys = takeAnswers(reply, known, answers)
    if (reply.transit) return
  }
  throw endless()
}

/** Notes the answers; gives back what this side has to answer: it understands no key that it did not offer. */
function takeAnswers(
  reply: LoginReply,
  known: ReadonlySet<string>,
  answers: Map<string, string>,
): KeyValue[] {
  const own: KeyValue[] = []
  for (const [key, value] of reply.keys) {
    if (answers.has(key)) throw protocolError('the target negotiated the same key twice')
    answers.set(key, value)
    if (!known.has(key) && !DECLARED_BY_TARGET.has(key) && value !== 'NotUnderstood') {
      own.push([key, 'NotUnderstood'])
    }
  }
  return own
}

function identityKeys({ initiatorName, targetName }: LoginIdentity): KeyValue[] {
  const name: KeyValue = ['InitiatorName', initiatorName]
  if (targetName === undefined) return [name, ['SessionType', 'Discovery']]
  return [name, ['SessionType', 'Normal'], ['TargetName', targetName]]
}

const endless = (): IscsiError => protocolError('the target never came to the end of the login')
const refusedMethod = (): IscsiError =>
  new IscsiError('auth_failed', 'the target demands, or refuses, CHAP other than this initiator is set up')
