import type {
  NodeGetCapabilitiesRequest,
  NodeGetCapabilitiesResponse,
  NodeServiceCapability,
  NodeServiceCapabilityRPCType,
} from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'

const rpc = (type: NodeServiceCapabilityRPCType): NodeServiceCapability => ({ rpc: { type } })

const ALWAYS = [
  rpc('STAGE_UNSTAGE_VOLUME'),
  rpc('GET_VOLUME_STATS'),
  rpc('EXPAND_VOLUME'),
  rpc('SINGLE_NODE_MULTI_WRITER'),
]

const WITH_HEALTH = [rpc('GET_VOLUME_HEALTH'), rpc('GET_STORAGE_HEALTH')]

export function nodeGetCapabilities({
  volumeHealth,
}: {
  readonly volumeHealth: boolean
}): Handler<NodeGetCapabilitiesRequest, NodeGetCapabilitiesResponse> {
  const capabilities = volumeHealth ? [...ALWAYS, ...WITH_HEALTH] : ALWAYS
  return async () => ({ capabilities })
}
