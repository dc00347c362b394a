import { createHash, randomUUID } from 'node:crypto'
import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { Clone, EncodeUnsafe } from 'typebox/value'
import {
  API,
  API_ROOT,
  type CallAnswer,
  type CallDescription,
  type CallInput,
  type CallName,
  isMutation,
} from '../../element/schemas/index.ts'
import { type CallOptions, StorageError } from '../../volumegroups/index.ts'
import { problemToError } from './problems.ts'
import type { Answer, Transport } from './transport.ts'

/** Makes one call of the API with domain values; the parts that the call does not have are left out. */
export type Caller = <Name extends CallName>(
  name: Name,
  input: Partial<CallInput<(typeof API)[Name]>>,
  options?: CallOptions,
) => CallAnswer<(typeof API)[Name]>

export function createCaller(transport: Transport): Caller {
  const call = async (name: CallName, input: Partial<CallInput<unknown>>, options: CallOptions = {}) => {
    const description: CallDescription = API[name]
    const answer = await transport.send({
      method: description.method,
      path: pathOf(description, input, options.authoritative),
      headers: isMutation(description) ? { 'idempotency-key': keyOf(options.idempotencyKey) } : {},
      body: description.body && JSON.stringify(encode(description.body, input.body)),
      signal: options.signal,
    })
    if (answer.status >= 300) throw problemToError(answer)
    return description.answer && decode(description.answer, answer)
  }
  return call as Caller
}

function pathOf(call: CallDescription, input: Partial<CallInput<unknown>>, authoritative = false): string {
  const { path, params, query } = call
  const values = params === undefined ? {} : (encode(params, input.params) as Record<string, string>)
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  const wanted = query === undefined ? {} : (encode(query, input.query) as Record<string, unknown>)
  const consistency = authoritative && !isMutation(call) ? 'authoritative' : undefined
  const given = Object.entries({ ...wanted, consistency }).filter(([, value]) => value !== undefined)
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `${API_ROOT}${filled}${search && `?${search}`}`
}

/** A key as a header can hold it. A key of the caller's stays the same one each time. */
function keyOf(key: string | undefined): string {
  if (key === undefined) return randomUUID()
  return /^[\x21-\x7e]{1,255}$/.test(key) ? key : createHash('sha256').update(key).digest('hex')
}

/** Shapes a request, and does not check it: what is wrong with it is for the element to say, all at once. */
const encode = (schema: TSchema, value: unknown): unknown => EncodeUnsafe({}, schema, Clone(value))

const validators = new WeakMap<TSchema, Validator>()

function decode(schema: TSchema, { body }: Answer): unknown {
  const validator = validators.get(schema) ?? Compile(schema)
  validators.set(schema, validator)
  try {
    return validator.Decode(JSON.parse(body))
  } catch (error) {
    throw new StorageError(
      'ENDPOINT_UNAVAILABLE',
      'the endpoint answered with what is no answer of an element',
      {
        cause: error,
      },
    )
  }
}
