import type { TSchema } from 'typebox'
import { Clone, EncodeUnsafe } from 'typebox/value'
import { API, type CallDescription, type CallName } from '../../element/schemas/index.ts'

export type { CallName } from '../../element/schemas/index.ts'

/** What a call answered, once more as it was on the wire. */
export function answerOnWire(name: CallName, answer: unknown): unknown {
  const { answer: schema }: CallDescription = API[name]
  return EncodeUnsafe({}, schema as TSchema, Clone(answer))
}
