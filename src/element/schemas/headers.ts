import { Type } from 'typebox'
import { faultsAs } from './wire.ts'

/** How long a caller waits at most, whatever it asks for. */
export const MAX_REQUEST_TIMEOUT_S = 600

/** What any request may say in its headers. */
export const ReadHeaders = Type.Object({
  'request-timeout': Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_REQUEST_TIMEOUT_S,
      description:
        'Seconds that the caller waits. The operation goes on after that; a retry finds its result.',
    }),
  ),
})

/** What any request that only reads may ask for in its query; one that changes something is authoritative anyway. */
export const ReadQuery = Type.Object({
  consistency: Type.Optional(
    Type.Enum(['authoritative'], {
      description: 'Rather AUTHORITY_LOST than an answer that the element can not vouch for.',
    }),
  ),
})

/** What a request that changes something must say in its headers. */
export const MutationHeaders = Type.Object({
  ...ReadHeaders.properties,
  'idempotency-key': Type.String({
    pattern: '^[\\x21-\\x7e]{1,255}$',
    description: 'A unique key for each request; the same one when it is sent again.',
    ...faultsAs('IDEMPOTENCY_KEY_MISSING'),
  }),
})
