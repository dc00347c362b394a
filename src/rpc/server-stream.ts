import { type EventEmitter, once } from 'node:events'
import type { handleServerStreamingCall } from '@grpc/grpc-js'
import { StorageError } from '../volumegroups/index.ts'
import { attend, type Edge, type Method } from './attend.ts'
import type { StreamHandler } from './call.ts'

/** A caller that takes nothing for so long holds up a place among the calls for nothing. */
const MAX_STALL_MS = 60_000

/** Serves a stream handler as a method that answers with many messages, no faster than the caller takes them. */
export function serverStream<Request extends object, Response>(
  method: Method,
  handler: StreamHandler<Request, Response>,
  edge: Edge,
): handleServerStreamingCall<Request, Response> {
  return async (incoming) => {
    const { failure } = await attend(method, edge, incoming, async (call) => {
      for await (const message of handler(incoming.request, call)) {
        if (call.signal.aborted) throw call.signal.reason
        if (!incoming.write(message)) await drained(incoming, call.signal)
      }
    })
    if (failure) incoming.emit('error', failure)
    else incoming.end()
  }
}

async function drained(stream: EventEmitter, signal: AbortSignal): Promise<void> {
  const stalled = AbortSignal.timeout(MAX_STALL_MS)
  try {
    await once(stream, 'drain', { signal: AbortSignal.any([signal, stalled]) })
  } catch (error) {
    if (!stalled.aborted) throw signal.aborted ? signal.reason : error
    const message = `the caller took nothing of the answer for ${MAX_STALL_MS} ms`
    throw new StorageError('DEADLINE_EXCEEDED', message, { cause: error })
  }
}
