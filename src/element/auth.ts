import assert from 'node:assert/strict'
import { createHash, timingSafeEqual } from 'node:crypto'
import {
  type Caller,
  type InitiatorId,
  type KnownToken,
  ROOT_PROJECT_ID,
  type Role,
  StorageError,
} from '../volumegroups/index.ts'
import { ACCESS, type Right } from './access.ts'
import type { CallName } from './schemas/index.ts'

/** A bearer token that the configuration names, for the whole element. It keeps the hash, not the token. */
export interface Token {
  /** Hex SHA-256 of the token. */
  readonly sha256: string
  readonly role: Role
  /** For `node`: the one initiator that the token speaks for. */
  readonly initiatorId?: InitiatorId | undefined
}

/** `local`: who can open the unix socket is the administrator. `bearer`: a request must carry a known token. */
export type Auth =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'bearer'
      readonly tokens: readonly Token[]
      /** Tokens that were made since, by their hex SHA-256. */
      readonly tokenOf?: ((sha256: string) => Promise<KnownToken | undefined>) | undefined
    }

/** Who calls: what it may do, and what exists for it. */
export interface Identity {
  readonly role: Role
  readonly caller: Caller | undefined
}

/** Fails on tokens that no configuration can hold: its reader refuses them. */
export function checkAuth(auth: Auth): void {
  if (auth.kind === 'local') return
  for (const { sha256, role, initiatorId } of auth.tokens) {
    assert(/^[0-9a-f]{64}$/.test(sha256), 'a token is kept as its SHA-256, in hex')
    assert(role !== 'node' || initiatorId !== undefined, "a node's token speaks for one initiator")
  }
}

/** Who calls. Every configured token is compared, in constant time, so that timing tells nothing. */
export async function identify(auth: Auth, authorization: string | undefined): Promise<Identity> {
  if (auth.kind === 'local') return { role: 'admin', caller: undefined }
  const presented = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(authorization ?? '')?.[1]
  if (presented === undefined)
    throw new StorageError('UNAUTHENTICATED', 'the request carries no bearer token')
  const hash = createHash('sha256').update(presented).digest()
  const known = auth.tokens.filter((token) => timingSafeEqual(hash, Buffer.from(token.sha256, 'hex')))[0]
  if (known !== undefined) return { role: known.role, caller: callerOf(known) }
  const made = await auth.tokenOf?.(hash.toString('hex'))
  if (made === undefined) throw new StorageError('UNAUTHENTICATED', 'the bearer token is not known here')
  return made
}

const callerOf = ({ sha256, initiatorId }: Token): Caller => ({
  ...{ id: `configured-${sha256.slice(0, 16)}`, projectId: ROOT_PROJECT_ID, initiatorId },
})

/** Refuses a call that the caller's role may not make, or not for this initiator. */
export function authorize({ role, caller }: Identity, call: CallName, initiatorId: unknown): void {
  const rights: { readonly [role in Role]?: Right } = ACCESS[call]
  const right = rights[role]
  if (right === undefined) {
    throw new StorageError('PERMISSION_DENIED', `the role ${role} may not call ${call}`)
  }
  if (right === 'own' && (caller?.initiatorId === undefined || initiatorId !== caller.initiatorId)) {
    const own = caller?.initiatorId ?? 'none'
    throw new StorageError(
      'PERMISSION_DENIED',
      `the token may call ${call} for its own initiator only (${own})`,
    )
  }
}
