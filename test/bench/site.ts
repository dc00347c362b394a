import { join } from 'node:path'
import { CsiClient } from '../fakes/csi-client.ts'
import { Deployment } from '../support/deployment.ts'
import type { Driver } from '../support/volumes.ts'

/** One deployment under measurement: how to drive it, and how long each of its RPCs took. */
export interface Site {
  readonly deployment: Deployment
  readonly driver: Driver
  readonly rpcMs: ReadonlyMap<string, readonly number[]>
}

export async function openSite(stack: AsyncDisposableStack): Promise<Site> {
  const options = { name: 'mooring-bench', maxVolumes: 128, poolBytes: 64 * 1024 ** 3 }
  const deployment = stack.use(await Deployment.start(options))
  const rpcMs = new Map<string, number[]>()
  const timed = (socket: string): CsiClient => stack.use(new TimedClient(`unix://${socket}`, rpcMs))
  const driver = {
    controller: timed(deployment.controllerSocket),
    node: timed(deployment.nodeSocket),
    folder: join(deployment.folder, 'kubelet'),
  }
  return { deployment, driver, rpcMs }
}

class TimedClient extends CsiClient {
  readonly #rpcMs: Map<string, number[]>

  constructor(endpoint: string, rpcMs: Map<string, number[]>) {
    super(endpoint)
    this.#rpcMs = rpcMs
  }

  override async call<Response>(rpc: string, fields?: object, timeoutMs?: number): Promise<Response> {
    const begun = performance.now()
    const response = await super.call<Response>(rpc, fields, timeoutMs)
    const known = this.#rpcMs.get(rpc) ?? []
    this.#rpcMs.set(rpc, known)
    known.push(performance.now() - begun)
    return response
  }
}
