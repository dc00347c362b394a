import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { asStorageError, StorageError } from '../volumegroups/index.ts'
import type { Call } from './call.ts'
import { checkLimits, type Limits } from './check-limits.ts'
import type { InFlight } from './in-flight.ts'
import { redact } from './redact.ts'
import { type CallStatus, statusOf } from './status.ts'

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
const ID_FIELDS = [
  'volumeId',
  'nodeId',
  'name',
  'sourceVolumeId',
  'snapshotId',
  'groupSnapshotId',
  'baseSnapshotId',
  'targetSnapshotId',
]

/** A call as grpc-js gives it. */
interface Incoming<Request> {
  readonly request: Request
  on(event: 'cancelled', listener: () => void): unknown
}

/** What a call came to: its result, or the status that it fails with. */
export type Outcome<Result> =
  | { readonly result: Result; readonly failure?: never }
  | { readonly failure: CallStatus; readonly result?: never }

/** Does one call's work with what every call has: limits, in-flight guard, cancellation, log line and status code. */
export async function attend<Request extends object, Result>(
  method: Method,
  edge: Edge,
  incoming: Incoming<Request>,
  work: (call: Call) => Promise<Result>,
): Promise<Outcome<Result>> {
  const { request } = incoming
  const log = edge.log.child({ rpc: method.name, callId: randomUUID(), ...idsOf(request) })
  const abort = new AbortController()
  incoming.on('cancelled', () => abort.abort(new StorageError('DEADLINE_EXCEEDED', 'the caller is gone')))
  const startedAt = performance.now()
  const elapsedMs = (): number => Math.round(performance.now() - startedAt)
  const task = async (): Promise<Result> => {
    checkLimits(request, method.requestType, edge.limits)
    return work({ log, signal: abort.signal })
  }
  try {
    const key = method.key?.(request)
    const result = await (method.admitted ? edge.inFlight.run(method.name, key, task) : task())
    log[method.key === undefined ? 'debug' : 'info']({ elapsedMs: elapsedMs() }, 'rpc done')
    return { result }
  } catch (thrown) {
    const error = asStorageError(thrown)
    const told = redact(request, method.requestType, edge.limits.schema)
    const level = error.kind === 'internal' ? 'error' : 'warn'
    log[level]({ err: error, reason: error.reason, elapsedMs: elapsedMs(), request: told }, 'rpc failed')
    return { failure: statusOf(error) }
  }
}

function idsOf(request: object): Record<string, unknown> {
  const fields = request as Record<string, unknown>
  return Object.fromEntries(ID_FIELDS.flatMap((name) => (fields[name] ? [[name, fields[name]]] : [])))
}
