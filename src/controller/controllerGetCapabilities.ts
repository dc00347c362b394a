import type {
  ControllerGetCapabilitiesRequest,
  ControllerGetCapabilitiesResponse,
  ControllerServiceCapabilityRPCType,
} from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'

/** Who grants a disk to a node: this controller, at ControllerPublishVolume, or the node itself, when it stages. */
export type AttachMode = 'controller' | 'node'

const ALWAYS: readonly ControllerServiceCapabilityRPCType[] = [
  'CREATE_DELETE_VOLUME',
  'LIST_VOLUMES',
  'GET_CAPACITY',
  'CREATE_DELETE_SNAPSHOT',
  'LIST_SNAPSHOTS',
  'CLONE_VOLUME',
  'EXPAND_VOLUME',
  'GET_VOLUME',
  'MODIFY_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
  'GET_SNAPSHOT',
]

const WITH_PUBLISH: readonly ControllerServiceCapabilityRPCType[] = [
  'PUBLISH_UNPUBLISH_VOLUME',
  'PUBLISH_READONLY',
  'LIST_VOLUMES_PUBLISHED_NODES',
]

const WITH_HEALTH: readonly ControllerServiceCapabilityRPCType[] = ['GET_VOLUME_HEALTH', 'LIST_VOLUME_HEALTH']

/** What the Controller service can do. */
export function controllerGetCapabilities({
  attach,
  volumeHealth,
}: {
  readonly attach: AttachMode
  readonly volumeHealth: boolean
}): Handler<ControllerGetCapabilitiesRequest, ControllerGetCapabilitiesResponse> {
  const types = [
    ...ALWAYS,
    ...(attach === 'controller' ? WITH_PUBLISH : []),
    ...(volumeHealth ? WITH_HEALTH : []),
  ]
  return async () => ({ capabilities: types.map((type) => ({ rpc: { type } })) })
}
