import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'
import { untilAborted } from '../lib/waiting.ts'
import { type CallOptions, StorageError, type VolumeGroups } from '../volumegroups/index.ts'
import { type Auth, authorize, identify } from './auth.ts'
import { type Input, inputParser } from './input.ts'
import { openApiOf } from './openapi.ts'
import {
  API,
  API_ROOT,
  type CallAnswer,
  type CallDescription,
  type CallInput,
  type CallName,
  MAX_REQUEST_TIMEOUT_S,
} from './schemas/index.ts'

/** Does one call with domain values in and out. */
export type Handler<Name extends CallName> = (
  input: CallInput<(typeof API)[Name]>,
  call: CallOptions,
) => CallAnswer<(typeof API)[Name]>

/** Serves one call of the API: who may, what is asked for and how it answers follow from the call's description. */
export type Serve = <Name extends CallName>(name: Name, handler: Handler<Name>) => void

export function createServe(app: FastifyInstance, groups: Pick<VolumeGroups, 'status'>, auth: Auth): Serve {
  return (name, handler) => {
    const description: CallDescription = API[name]
    const parse = inputParser(description)
    const encode = answerEncoder(description)
    app.route({
      method: description.method,
      url: `${API_ROOT}${description.path}`,
      schema: openApiOf(name, description),
      config: { call: name },
      onRequest: async (request) => {
        request.identity = await identify(auth, request.headers.authorization)
        authorize(request.identity, name, initiatorOf(request))
      },
      handler: async (request, reply) => {
        if (name !== 'status') await refuseUnlessReady(groups)
        const input = parse(request)
        const call = callOptions(request, reply, input)
        const work: Promise<unknown> = handler(input as never, call)
        const answer = await untilAborted(work, call.signal)
        request.entity = (answer as { id?: string } | undefined)?.id
        return reply.code(description.answer === undefined ? 204 : 200).send(encode(answer))
      },
    })
  }
}

/** The initiator that a request is about, wherever its call names it. */
function initiatorOf({ params, query }: FastifyRequest): unknown {
  return (params as { initiatorId?: unknown }).initiatorId ?? (query as { initiatorId?: unknown }).initiatorId
}

async function refuseUnlessReady(groups: Pick<VolumeGroups, 'status'>): Promise<void> {
  const { state } = await groups.status()
  if (state !== 'ready') throw new StorageError('NOT_READY', `the element is ${state}`)
}

/** The waiting ends with the caller's own limit, or when it hangs up. */
function callOptions(request: FastifyRequest, reply: FastifyReply, input: Input): CallOptions {
  const { headers, consistency } = input
  const waiting = new AbortController()
  const stop = (why: string) => waiting.abort(new StorageError('DEADLINE_EXCEEDED', why))
  const limitS = headers['request-timeout'] ?? MAX_REQUEST_TIMEOUT_S
  const timer = setTimeout(() => stop(`there was no result within the caller's ${limitS} s`), limitS * 1000)
  reply.raw.once('close', () => {
    clearTimeout(timer)
    if (!reply.raw.writableFinished) stop('the caller hung up')
  })
  const { signal } = waiting
  const key = headers['idempotency-key']
  const caller = request.identity?.caller
  const authoritative = consistency !== undefined
  return key === undefined
    ? { signal, caller, authoritative }
    : { signal, caller, authoritative, idempotencyKey: `${request.method} ${request.url} ${key}` }
}

function answerEncoder({ answer }: CallDescription): (value: unknown) => unknown {
  if (answer === undefined) return () => undefined
  const validator = Compile(answer)
  return (value) => validator.Encode(value as never)
}
