import type {
  NodeGetCapabilitiesRequest,
  NodeGetCapabilitiesResponse,
  NodeServiceCapability,
  NodeServiceCapabilityRPCType,
} from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'

const rpc = (type: NodeServiceCapabilityRPCType): NodeServiceCapability => ({ rpc: { type } })

const CAPABILITIES = [
  rpc('STAGE_UNSTAGE_VOLUME'),
  rpc('GET_VOLUME_STATS'),
  rpc('EXPAND_VOLUME'),
  rpc('SINGLE_NODE_MULTI_WRITER'),
]

export function nodeGetCapabilities(): Handler<NodeGetCapabilitiesRequest, NodeGetCapabilitiesResponse> {
  return async () => ({ capabilities: CAPABILITIES })
}
