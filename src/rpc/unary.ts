import { randomUUID } from 'node:crypto'
import type { handleUnaryCall } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { asStorageError, StorageError } from '../volumegroups/index.ts'
import type { Handler } from './call.ts'
import { checkLimits, type Limits } from './check-limits.ts'
import type { InFlight } from './in-flight.ts'
import { redact } from './redact.ts'
import { statusOf } from './status.ts'

/** What all handlers of one server share. */
export interface Edge {
  readonly limits: Limits
  readonly inFlight: InFlight
  readonly log: Logger
}

/** One RPC: its name, the type of its request, and what it works on. */
export interface Method {
  readonly name: string
  readonly requestType: string
  /** The object that the call works on alone; left out when it may run beside any other. */
  readonly key?: ((request: object) => string) | undefined
  /** Whether it counts among the calls that are under way; one that does not always answers. */
  readonly admitted: boolean
}

/** Request fields that name what a call is about. */
const ID_FIELDS = ['volumeId', 'nodeId', 'name', 'sourceVolumeId', 'snapshotId', 'groupSnapshotId']

/** Gives a plain handler its limits, in-flight guard, cancellation, log line and status code. */
export function unary<Request extends object, Response>(
  method: Method,
  handler: Handler<Request, Response>,
  edge: Edge,
): handleUnaryCall<Request, Response> {
  return async (call, reply) => {
    const { request } = call
    const log = edge.log.child({ rpc: method.name, callId: randomUUID(), ...idsOf(request) })
    const abort = new AbortController()
    call.on('cancelled', () => abort.abort(new StorageError('DEADLINE_EXCEEDED', 'the caller is gone')))
    const startedAt = performance.now()
    const elapsedMs = (): number => Math.round(performance.now() - startedAt)
    const task = async (): Promise<Response> => {
      checkLimits(request, method.requestType, edge.limits)
      return handler(request, { log, signal: abort.signal })
    }
    try {
      const key = method.key?.(request)
      const response = await (method.admitted ? edge.inFlight.run(method.name, key, task) : task())
      log[method.key === undefined ? 'debug' : 'info']({ elapsedMs: elapsedMs() }, 'rpc done')
      reply(null, response)
    } catch (thrown) {
      const error = asStorageError(thrown)
      const told = redact(request, method.requestType, edge.limits.schema)
      const level = error.kind === 'internal' ? 'error' : 'warn'
      log[level]({ err: error, reason: error.reason, elapsedMs: elapsedMs(), request: told }, 'rpc failed')
      reply(statusOf(error))
    }
  }
}

function idsOf(request: object): Record<string, unknown> {
  const fields = request as Record<string, unknown>
  return Object.fromEntries(ID_FIELDS.flatMap((name) => (fields[name] ? [[name, fields[name]]] : [])))
}
