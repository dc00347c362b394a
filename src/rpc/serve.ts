import { chmod } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { StorageError } from '../volumegroups/index.ts'
import type { Edge } from './attend.ts'
import type { Handler, StreamHandler } from './call.ts'
import type { Limits } from './check-limits.ts'
import { InFlight } from './in-flight.ts'
import { serverStream } from './server-stream.ts'
import { unary } from './unary.ts'
import { parseSocketPath, removeStaleSocket } from './unix-socket.ts'

/** A service with the handlers of the methods that it answers, by method name (`createVolume`). */
export interface Service {
  readonly definition: ServiceDefinition
  readonly handlers: Readonly<
    Record<string, Handler<never, unknown> | StreamHandler<never, unknown> | undefined>
  >
  /** Answers also when the limit of calls is reached, because its callers restart when it does not. */
  readonly alwaysAnswers?: boolean
}

export interface ServeOptions {
  /** `unix:///<path>.sock` */
  readonly endpoint: string
  readonly services: readonly Service[]
  readonly limits: Limits
  /** What a method works on alone, by method name; the others run beside any call. */
  readonly keys: Readonly<Record<string, ((request: never) => string) | undefined>>
  readonly log: Logger
  /** Default 0600. */
  readonly socketMode?: number | undefined
  /** Calls under way at once; one more is refused. */
  readonly maxCalls?: number | undefined
  /** Left out: one of its own, of `maxCalls`. */
  readonly inFlight?: InFlight | undefined
  /** How long closing waits for calls that are under way. */
  readonly drainMs?: number | undefined
}

const DEFAULT_SOCKET_MODE = 0o600
export const DEFAULT_MAX_CALLS = 256
const DEFAULT_DRAIN_MS = 10_000

/** Serves on a unix socket until it is disposed of: then takes no new call, and waits for those under way. */
export async function serve(options: ServeOptions): Promise<AsyncDisposable> {
  const path = parseSocketPath(options.endpoint)
  await removeStaleSocket(path)
  const server = new Server()
  const edge: Edge = {
    limits: options.limits,
    inFlight: options.inFlight ?? new InFlight(options.maxCalls ?? DEFAULT_MAX_CALLS),
    log: options.log,
  }
  for (const service of options.services) {
    server.addService(service.definition, implementationOf(service, options.keys, edge))
  }
  await bind(server, path)
  await chmod(path, options.socketMode ?? DEFAULT_SOCKET_MODE)
  options.log.info({ socket: path }, 'serving')
  return { [Symbol.asyncDispose]: () => close(server, options.drainMs ?? DEFAULT_DRAIN_MS) }
}

/** grpc-js answers UNIMPLEMENTED for the methods that are left out. */
function implementationOf(
  service: Service,
  keys: ServeOptions['keys'],
  edge: Edge,
): UntypedServiceImplementation {
  const methods: UntypedServiceImplementation = {}
  for (const [rpc, definition] of Object.entries(service.definition)) {
    const name = definition.originalName ?? rpc
    const handler = service.handlers[name]
    if (handler === undefined) continue
    const key = keys[name] as ((request: object) => string) | undefined
    const admitted = service.alwaysAnswers !== true
    const method = { name: rpc, requestType: requestTypeOf(definition), key, admitted }
    methods[rpc] = definition.responseStream
      ? serverStream(method, handler as StreamHandler<object, unknown>, edge)
      : unary(method, handler as Handler<object, unknown>, edge)
  }
  return methods
}

/** proto-loader keeps the message type beside the serializers, where grpc-js's own types do not see it. */
const requestTypeOf = (definition: MethodDefinition<object, object>): string =>
  (definition as unknown as { requestType: { type: { name: string } } }).requestType.type.name

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix://${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(notListening(path, error)),
    )
  })
}

const notListening = (path: string, cause: Error): StorageError =>
  new StorageError('INVALID_ARGUMENT', `can not listen on ${path}`, {
    fix: 'Check that its folder exists and can be written to.',
    cause,
  })

async function close(server: Server, drainMs: number): Promise<void> {
  const stopped = new AbortController()
  const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
  const timeout = wait(drainMs, undefined, { signal: stopped.signal }).catch(() => {})
  await Promise.race([drained, timeout])
  stopped.abort()
  server.forceShutdown()
}
