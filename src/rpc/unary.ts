import type { handleUnaryCall } from '@grpc/grpc-js'
import { attend, type Edge, type Method } from './attend.ts'
import type { Handler } from './call.ts'

/** Serves a plain handler as a method that answers once. */
export function unary<Request extends object, Response>(
  method: Method,
  handler: Handler<Request, Response>,
  edge: Edge,
): handleUnaryCall<Request, Response> {
  return async (incoming, reply) => {
    const { result, failure } = await attend(method, edge, incoming, (call) =>
      handler(incoming.request, call),
    )
    if (failure) reply(failure)
    else reply(null, result)
  }
}
