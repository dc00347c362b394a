import { createHash } from 'node:crypto'
import type { Credentialed } from '../database.ts'
import type { InitiatorId } from '../ids.ts'

/** User names that tell one initiator's accounts from another's, within what every target accepts. */
export function newCredentials(id: InitiatorId, newSecret: () => string): Credentialed['chap'] {
  const suffix = createHash('sha256').update(id).digest('hex').slice(0, 16)
  const secret = newSecret()
  const mutual = { user: `target-${suffix}`, secret: newSecret() }
  return { user: `initiator-${suffix}`, secret, mutual }
}
