import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js'
import { CSI_PROTOCOL } from '../../src/csi/protocol.ts'

type Method = MethodDefinition<object, object>
const services = ['Identity', 'Controller', 'GroupController', 'SnapshotMetadata', 'Node']

function methodOf(rpc: string): Method {
  for (const service of services) {
    const definition = CSI_PROTOCOL[`csi.v1.${service}`] as unknown as Record<string, Method>
    if (definition[rpc] !== undefined) return definition[rpc]
  }
  throw new Error(`CSI has no RPC ${rpc}`)
}

/** A request as a handler gets it: through the wire format, so that absent fields have their defaults. */
export function request<Request>(rpc: string, fields: object = {}): Request {
  const { requestSerialize, requestDeserialize } = methodOf(rpc)
  return requestDeserialize(requestSerialize(fields)) as Request
}

/** A response as a caller gets it; throws when a handler gave what the proto does not have room for. */
export function overTheWire<Response>(rpc: string, response: Response): Response {
  const { responseSerialize, responseDeserialize } = methodOf(rpc)
  return responseDeserialize(responseSerialize(response as object)) as Response
}

/** A CSI caller on a unix socket. */
export class CsiClient implements Disposable {
  readonly #client: Client

  constructor(endpoint: string) {
    this.#client = new Client(endpoint, credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      // A plugin that was restarted is found again at once.
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    })
  }

  call<Response>(rpc: string, fields: object = {}, timeoutMs = 10_000): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = methodOf(rpc)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        fields,
        { deadline: Date.now() + timeoutMs },
        (error, response) => (error === null ? resolve(response as Response) : reject(error)),
      )
    })
  }

  /** The messages of a call that answers with a stream. */
  async stream<Response>(rpc: string, fields: object = {}, timeoutMs = 10_000): Promise<Response[]> {
    const { path, requestSerialize, responseDeserialize } = methodOf(rpc)
    const options = { deadline: Date.now() + timeoutMs }
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      fields,
      options,
    )
    return Array.fromAsync(call as AsyncIterable<Response>)
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}
