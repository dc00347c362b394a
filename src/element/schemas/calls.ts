import type { StaticDecode, TObject, TSchema } from 'typebox'

/** One call of the API, as data: the element serves it and the endpoint makes it from the same description. */
export interface CallDescription<
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Body extends TSchema = TSchema,
  Answer extends TSchema = TSchema,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below /v1; parameters as `:name`. */
  readonly path: string
  readonly summary: string
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** Left out: the answer is empty (204). */
  readonly answer?: Answer
}

/** The decoded form of a part of a call; a part that the call does not have is an empty object. */
type Part<Description, Name extends string> = Description extends { readonly [key in Name]: infer Schema }
  ? Schema extends TSchema
    ? StaticDecode<Schema>
    : never
  : object

export interface CallInput<Description> {
  readonly params: Part<Description, 'params'>
  readonly query: Part<Description, 'query'>
  readonly body: Part<Description, 'body'>
}

export type CallAnswer<Description> = Description extends { readonly answer: infer Answer extends TSchema }
  ? Promise<StaticDecode<Answer>>
  : Promise<void>

/** Keeps the description's own types. */
export const describe = <const Description extends CallDescription<TObject>>(
  description: Description,
): Description => description

/** A call that changes something needs an Idempotency-Key. */
export const isMutation = (call: Pick<CallDescription, 'method'>): boolean => call.method !== 'GET'
