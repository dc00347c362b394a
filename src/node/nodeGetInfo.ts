import type { NodeGetInfoRequest, NodeGetInfoResponse } from '../csi/messages.ts'
import { nodeTopology } from '../csi/topology.ts'
import type { Handler } from '../rpc/call.ts'
import type { InitiatorId } from '../volumegroups/index.ts'
import type { Registration } from './registration.ts'

export interface NodeInfoOptions {
  readonly nodeId: InitiatorId
  readonly maxVolumes: number
  readonly registration: Registration
}

/** Says who and where this node is, once it is registered with its endpoint. */
export function nodeGetInfo(options: NodeInfoOptions): Handler<NodeGetInfoRequest, NodeGetInfoResponse> {
  return async (_request, call) => {
    await options.registration.register({ signal: call.signal })
    const status = await options.registration.status({ signal: call.signal })
    return {
      nodeId: options.nodeId,
      maxVolumesPerNode: String(options.maxVolumes),
      accessibleTopology: nodeTopology(status),
    }
  }
}
