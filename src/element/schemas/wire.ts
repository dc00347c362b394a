import {
  type StaticDecode,
  type TCodec,
  type TInteger,
  type TObject,
  type TProperties,
  type TSchema,
  type TString,
  type TUnsafe,
  Type,
} from 'typebox'
import {
  MAX_ATTRIBUTES_BYTES,
  MAX_NAME_BYTES,
  MAX_PAGE,
  type Page,
  type PageQuery,
  type Reason,
} from '../../volumegroups/index.ts'

/**
 * The pieces that the API's schemas are made of. A schema says what is on the wire, checks it, documents it, and
 * decodes to the domain's own type (and encodes from it).
 */

/** A schema keyword: the reason with which a value that does not fit is refused. Left out = INVALID_ARGUMENT. */
export const REASON = 'x-reason'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** An object of a request: what it does not list is refused by name. */
export const request = <Properties extends TProperties>(properties: Properties, options: object = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options })

export const id = <Id extends string>(prefix: string, what: string): TUnsafe<Id> =>
  Type.Unsafe<Id>(Type.String({ pattern: `^${prefix}-${UUID}$`, description: `The id of ${what}.` }))

/** A name that a caller chooses: no control characters (category Cc). */
export const newName = (maxBytes = MAX_NAME_BYTES, options: object = {}) =>
  Type.Refine(
    Type.String({
      minLength: 1,
      maxLength: maxBytes,
      pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
      ...options,
    }),
    (name) => Buffer.byteLength(name) <= maxBytes,
    () => `must not have more than ${maxBytes} bytes`,
  )

/** Bytes: a JSON integer, a bigint in the domain. */
export const bytes = (options: object = {}): TCodec<TInteger, bigint> =>
  Type.Codec(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...options }))
    .Decode((value) => BigInt(value))
    .Encode((value: bigint) => Number(value))

/** A moment: RFC 3339 on the wire, a Date in the domain. */
export const time = (): TCodec<TString, Date> =>
  Type.Codec(Type.String({ format: 'date-time' }))
    .Decode((text) => new Date(text))
    .Encode((date: Date) => date.toISOString())

/** Texts by name, for a caller's own use. */
export const texts = () =>
  Type.Refine(
    Type.Record(Type.String(), Type.String()),
    (map) => Buffer.byteLength(Object.entries(map).flat().join('')) <= MAX_ATTRIBUTES_BYTES,
    () => `must not have more than ${MAX_ATTRIBUTES_BYTES} bytes`,
  )

/** A type without what JSON can not say: readonly, and the difference between absent and undefined. */
type Plain<Value> = Value extends readonly (infer Item)[]
  ? Plain<Item>[]
  : Value extends string | number | boolean | bigint | Date | undefined
    ? Value
    : { [Key in keyof Value]-?: Plain<Value[Key]> | undefined }
type Same<A, B> = [Plain<A>, Plain<B>] extends [Plain<B>, Plain<A>] ? unknown : never

/**
 * The schema with the domain's type for its decoded form: does not compile when their fields differ. What is
 * optional on the wire is undefined in the domain.
 */
export function decodesTo<Domain>() {
  return <Schema extends TSchema>(
    schema: Schema & Same<StaticDecode<Schema>, Domain>,
  ): TCodec<Schema, Domain> =>
    Type.Codec(schema as Schema)
      .Decode((value) => value as Domain)
      .Encode((value: Domain) => value as never)
}

type Filled<Filters> = { [Name in keyof Filters]?: Filters[Name] | undefined }
type Filtered<Filters extends TProperties> = PageQuery & Filled<StaticDecode<TObject<Filters>>>

/** The query of a list: which page, and filters. */
export function listQuery<Filters extends TProperties>(filters: Filters) {
  const page = {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: 'Items in the page.' })),
    pageToken: Type.Optional(
      Type.String({ maxLength: 1024, description: 'nextPageToken of the page before.' }),
    ),
  }
  const schema = request({ ...page, ...filters })
  return Type.Codec(schema as TSchema)
    .Decode((value): Filtered<Filters> => {
      const { pageToken, ...rest } = value as { pageToken?: string }
      return { ...rest, token: pageToken } as Filtered<Filters>
    })
    .Encode(({ token, ...rest }) => ({ ...rest, pageToken: token }) as never)
}

/** One page of a list. */
export function pageOf<Item extends TSchema>(item: Item, name: string) {
  const schema = Type.Object(
    { items: Type.Array(item), nextPageToken: Type.Optional(Type.String()) },
    { title: `${name}Page` },
  )
  return Type.Codec(schema as TSchema)
    .Decode((value): Page<StaticDecode<Item>> => {
      const { items, nextPageToken } = value as { items: StaticDecode<Item>[]; nextPageToken?: string }
      return { items, nextToken: nextPageToken }
    })
    .Encode(({ items, nextToken }) => ({ items, nextPageToken: nextToken }) as never)
}

export const faultsAs = (reason: Reason): object => ({ [REASON]: reason })
