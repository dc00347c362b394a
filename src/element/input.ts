import { type TObject, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { Settings } from 'typebox/system'
import { CATALOGUE, type Reason, Violations } from '../volumegroups/index.ts'
import {
  type CallDescription,
  isMutation,
  MutationHeaders,
  REASON,
  ReadHeaders,
  ReadQuery,
} from './schemas/index.ts'

/** A request as HTTP gives it. */
export interface RawInput {
  readonly params: unknown
  readonly query: unknown
  readonly headers: unknown
  readonly body: unknown
}

export interface Input {
  readonly params: object
  readonly query: object
  readonly body: object
  readonly headers: {
    readonly 'request-timeout'?: number
    readonly 'idempotency-key'?: string
  }
  readonly consistency?: 'authoritative'
}

/** More faults than this in one request are not told. */
const MAX_VIOLATIONS = 32
// TypeBox stops looking after 8, and counts an unknown field twice.
Settings.Set({ maxErrors: 2 * MAX_VIOLATIONS })

export const headersOf = (call: CallDescription): TSchema =>
  isMutation(call) ? MutationHeaders : ReadHeaders

const NONE = Type.Object({}, { additionalProperties: false })

/** All that the query of a call may say, for the document. */
export function queryOf(call: CallDescription): TSchema {
  const own = (call.query ?? NONE) as TObject
  if (isMutation(call)) return own
  return Type.Object({ ...own.properties, ...ReadQuery.properties }, { additionalProperties: false })
}

/** Makes the parser of one call: it gives domain values, or throws every fault of the request at once. */
export function inputParser(call: CallDescription): (raw: RawInput) => Input {
  const parts = {
    params: partParser(call.params ?? NONE, toNumbers),
    query: partParser(call.query ?? NONE, toNumbers),
    common: partParser(isMutation(call) ? NONE : ReadQuery, toNumbers),
    headers: partParser(headersOf(call), toNumbers),
    body: partParser(call.body ?? Type.Unknown(), (body) => body),
  }
  return (raw) => {
    const found = new Violations()
    const params = parts.params(raw.params, found)
    const [common, own] = isMutation(call) ? [{}, raw.query] : partedQuery(raw.query)
    const query = parts.query(own, found)
    const asked = parts.common(common, found)
    const body = parts.body(raw.body, found)
    const headers = parts.headers(raw.headers, found)
    found.throwIfAny()
    return {
      ...(asked() as object),
      params: params(),
      query: query(),
      body: body(),
      headers: headers(),
    } as Input
  }
}

/** What any call that reads may ask for, and what is this call's own. */
function partedQuery(raw: unknown): [object, object] {
  const isCommon = ([name]: [string, unknown]): boolean => Object.hasOwn(ReadQuery.properties, name)
  const entries = Object.entries(raw as object)
  return [
    Object.fromEntries(entries.filter(isCommon)),
    Object.fromEntries(entries.filter((entry) => !isCommon(entry))),
  ]
}

type PartParser = (raw: unknown, found: Violations) => () => unknown

/** Adds the faults of one part of a request to `found`; what it gives back decodes the part when there were none. */
function partParser(schema: TSchema, convert: (raw: unknown, schema: TSchema) => unknown): PartParser {
  const validator = Compile(schema)
  return (raw, found) => {
    const value = convert(raw, schema)
    const faults = validator.Check(value)
      ? []
      : validator.Errors(value).flatMap((error) => faultsIn(error, schema))
    const first = new Map(faults.toReversed().map((fault) => [fault.field, fault]))
    const told = faults.filter((fault) => first.get(fault.field) === fault).slice(0, MAX_VIOLATIONS)
    for (const { field, reason, message } of told) found.add(field, reason, `${field} ${message}`)
    return () => validator.Decode(value)
  }
}

/** Texts of a URL or header as the numbers that the schema asks for; what is no number stays as it is. */
function toNumbers(raw: unknown, schema: TSchema): unknown {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> }
  const entries = Object.entries(raw as object).map(([name, value]) => {
    const wanted = Object.hasOwn(properties, name) && properties[name]?.type === 'integer'
    return [name, wanted && /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/.test(value) ? Number(value) : value]
  })
  return Object.fromEntries(entries)
}

interface Fault {
  readonly field: string
  readonly reason: Reason
  readonly message: string
}

function faultsIn(error: TLocalizedValidationError, root: TSchema): Fault[] {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const schema = schemaAt(root, error.schemaPath)
  const fieldOf = (...more: string[]): string => [...path, ...more].join('.') || 'body'
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => {
        const reason = reasonOf(schemaAt(schema, `#/properties/${name}`))
        return { field: fieldOf(name), reason, message: 'is required' }
      })
    case 'additionalProperties':
      return error.params.additionalProperties.map((name) => unknown(fieldOf(name)))
    case 'boolean': // an unknown field is told of in both ways
      return [unknown(fieldOf())]
    default:
      return [{ field: fieldOf(), reason: reasonOf(schema), message: error.message }]
  }
}

const unknown = (field: string): Fault => {
  return { field: field.slice(0, 128), reason: 'UNKNOWN_PARAMETER', message: 'is not known here' }
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** The part of a schema that a path such as `#/properties/size` leads to. */
function schemaAt(root: unknown, path: string): unknown {
  const steps = path.split('/').slice(1).map(unescapePointer)
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], root)
}

function reasonOf(schema: unknown): Reason {
  const reason = (schema as { [REASON]?: string } | undefined)?.[REASON] ?? 'INVALID_ARGUMENT'
  return reason in CATALOGUE ? (reason as Reason) : 'INVALID_ARGUMENT'
}
