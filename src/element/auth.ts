import assert from 'node:assert/strict'
import { createHash, timingSafeEqual } from 'node:crypto'
import { type InitiatorId, StorageError } from '../volumegroups/index.ts'
import { ACCESS, type Right, type Role } from './access.ts'
import type { CallName } from './schemas/index.ts'

/** A bearer token that the element knows. It keeps the hash, not the token. */
export interface Token {
  /** Hex SHA-256 of the token. */
  readonly sha256: string
  readonly role: Role
  /** For `node`: the one initiator that the token speaks for. */
  readonly initiatorId?: InitiatorId | undefined
}

/** `local`: who can open the unix socket is the administrator. `bearer`: a request must carry a known token. */
export type Auth = { readonly kind: 'local' } | { readonly kind: 'bearer'; readonly tokens: readonly Token[] }

export interface Caller {
  readonly role: Role
  readonly initiatorId: InitiatorId | undefined
}

/** Fails on tokens that no configuration can hold: its reader refuses them. */
export function checkAuth(auth: Auth): void {
  if (auth.kind === 'local') return
  for (const { sha256, role, initiatorId } of auth.tokens) {
    assert(/^[0-9a-f]{64}$/.test(sha256), 'a token is kept as its SHA-256, in hex')
    assert(role !== 'node' || initiatorId !== undefined, "a node's token speaks for one initiator")
  }
}

/** Who calls. Every known token is compared, in constant time, so that timing tells nothing. */
export function identify(auth: Auth, authorization: string | undefined): Caller {
  if (auth.kind === 'local') return { role: 'admin', initiatorId: undefined }
  const presented = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(authorization ?? '')?.[1]
  if (presented === undefined)
    throw new StorageError('UNAUTHENTICATED', 'the request carries no bearer token')
  const hash = createHash('sha256').update(presented).digest()
  const known = auth.tokens.filter((token) => timingSafeEqual(hash, Buffer.from(token.sha256, 'hex')))[0]
  if (known === undefined) throw new StorageError('UNAUTHENTICATED', 'the bearer token is not known here')
  return { role: known.role, initiatorId: known.initiatorId }
}

/** Refuses a call that the caller's role may not make, or not for this initiator. */
export function authorize(caller: Caller, call: CallName, initiatorId: unknown): void {
  const rights: { readonly [role in Role]?: Right } = ACCESS[call]
  const right = rights[caller.role]
  if (right === undefined) {
    throw new StorageError('PERMISSION_DENIED', `the role ${caller.role} may not call ${call}`)
  }
  if (right === 'own' && (caller.initiatorId === undefined || initiatorId !== caller.initiatorId)) {
    const own = caller.initiatorId ?? 'none'
    throw new StorageError(
      'PERMISSION_DENIED',
      `the token may call ${call} for its own initiator only (${own})`,
    )
  }
}
