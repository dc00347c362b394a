import { createHash, getHashes, randomBytes, timingSafeEqual } from 'node:crypto'
import { IscsiError, protocolError } from './errors.ts'
import type { KeyValue } from './text-keys.ts'

/** CHAP (RFC 1994) as RFC 7143 §12.1.3 carries it in login keys. */

export interface ChapSecret {
  readonly user: string
  readonly secret: string
}

export interface ChapOptions extends ChapSecret {
  /** What the target must prove in turn. */
  readonly mutual?: ChapSecret | undefined
  /** In order of preference. Default MD5, SHA1, SHA256: tgt takes 7 for SHA1, so a list that starts with it fails there. */
  readonly algorithms?: readonly ChapAlgorithm[] | undefined
}

export type ChapAlgorithm = keyof typeof HASHES

/** IANA "PPP Authentication Algorithms". */
const HASHES = { 5: 'md5', 6: 'sha1', 7: 'sha256' } as const
const DEFAULT_ALGORITHMS: readonly ChapAlgorithm[] = [5, 6, 7]
const MAX_CHALLENGE_BYTES = 1024
const OWN_CHALLENGE_BYTES = 24

export function checkChapOptions(chap: ChapOptions): void {
  if (chap.user === '' || chap.secret === '') throw invalid('CHAP needs a user and a secret')
  if (chap.secret === chap.mutual?.secret) throw invalid('the CHAP secrets of the two directions must differ')
}

/** The value of CHAP_A. A host in FIPS mode has no MD5. */
export function offeredAlgorithms(chap: ChapOptions): string {
  const available = new Set(getHashes().map((hash) => hash.toLowerCase().replace(/^rsa-/, '')))
  const usable = (chap.algorithms ?? DEFAULT_ALGORITHMS).filter((id) => available.has(HASHES[id]))
  if (usable.length === 0) throw invalid('this host has none of the CHAP hash functions asked for')
  return usable.join(',')
}

export function chapResponse(
  algorithm: ChapAlgorithm,
  id: number,
  secret: string,
  challenge: Uint8Array,
): Buffer {
  return createHash(HASHES[algorithm]).update(Buffer.of(id)).update(secret, 'utf8').update(challenge).digest()
}

/** Answers the target's challenge, and challenges the target in turn when it has to prove itself. */
export class ChapExchange {
  readonly #chap: ChapOptions
  #algorithm: ChapAlgorithm = 5
  readonly #ownId = randomBytes(1)[0]!
  readonly #ownChallenge = randomBytes(OWN_CHALLENGE_BYTES)

  constructor(chap: ChapOptions) {
    this.#chap = chap
  }

  answer(challengeKeys: ReadonlyMap<string, string>): KeyValue[] {
    this.#algorithm = this.#agreedAlgorithm(challengeKeys.get('CHAP_A'))
    const id = parseId(challengeKeys.get('CHAP_I'))
    const challenge = parseBinary('CHAP_C', challengeKeys.get('CHAP_C'))
    if (challenge.equals(this.#ownChallenge)) throw authFailed('the target reflected the CHAP challenge')
    const response = chapResponse(this.#algorithm, id, this.#chap.secret, challenge)
    const keys: KeyValue[] = [
      ['CHAP_N', this.#chap.user],
      ['CHAP_R', hex(response)],
    ]
    if (this.#chap.mutual === undefined) return keys
    return [...keys, ['CHAP_I', String(this.#ownId)], ['CHAP_C', hex(this.#ownChallenge)]]
  }

  /** Throws `auth_failed` unless the target knows the mutual secret. */
  verify(proof: ReadonlyMap<string, string>): void {
    const { mutual } = this.#chap
    if (mutual === undefined) return
    const name = proof.get('CHAP_N')
    if (name === undefined || !proof.has('CHAP_R'))
      throw authFailed('the target did not answer the CHAP challenge')
    const given = parseBinary('CHAP_R', proof.get('CHAP_R'))
    const expected = chapResponse(this.#algorithm, this.#ownId, mutual.secret, this.#ownChallenge)
    const proven = given.length === expected.length && timingSafeEqual(given, expected)
    if (!proven || name !== mutual.user)
      throw authFailed('the target did not prove its identity by mutual CHAP')
  }

  #agreedAlgorithm(value: string | undefined): ChapAlgorithm {
    const offered = offeredAlgorithms(this.#chap).split(',')
    if (value === undefined || !offered.includes(value)) {
      throw protocolError('the target chose a CHAP algorithm that was not on offer')
    }
    return Number(value) as ChapAlgorithm
  }
}

function parseId(text: string | undefined): number {
  if (text === undefined || !/^(\d{1,3}|0[xX][0-9a-fA-F]{1,2})$/.test(text) || Number(text) > 255) {
    throw protocolError('the target sent no valid CHAP_I')
  }
  return Number(text)
}

/** RFC 7143 §6.1: binary values are hex after `0x` or base64 after `0b`. */
function parseBinary(key: string, text: string | undefined): Buffer {
  const bytes = decodeBinary(text ?? '')
  if (bytes === undefined || bytes.length === 0 || bytes.length > MAX_CHALLENGE_BYTES) {
    throw protocolError(`the target sent no valid ${key}`)
  }
  return bytes
}

function decodeBinary(text: string): Buffer | undefined {
  const digits = text.slice(2)
  if (/^0[xX]([0-9a-fA-F]{2})+$/.test(text)) return Buffer.from(digits, 'hex')
  if (/^0[bB][A-Za-z0-9+/]+={0,2}$/.test(text)) return Buffer.from(digits, 'base64')
  return undefined
}

const hex = (bytes: Buffer): string => `0x${bytes.toString('hex')}`
const authFailed = (message: string): IscsiError => new IscsiError('auth_failed', message)
const invalid = (message: string): IscsiError => new IscsiError('invalid_argument', message)
