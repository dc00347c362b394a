import type { NodeMethods } from '../csi/messages.ts'
import type { Handlers } from '../rpc/call.ts'
import { nodeExpandVolume } from './nodeExpandVolume.ts'
import { nodeGetCapabilities } from './nodeGetCapabilities.ts'
import { nodeGetInfo } from './nodeGetInfo.ts'
import { nodeGetStorageHealth } from './nodeGetStorageHealth.ts'
import { nodeGetVolumeHealth } from './nodeGetVolumeHealth.ts'
import { nodeGetVolumeStats } from './nodeGetVolumeStats.ts'
import { nodePublishVolume } from './nodePublishVolume.ts'
import { nodeStageVolume } from './nodeStageVolume.ts'
import { nodeUnpublishVolume } from './nodeUnpublishVolume.ts'
import { nodeUnstageVolume } from './nodeUnstageVolume.ts'
import type { NodeParts } from './parts.ts'
import { Registration } from './registration.ts'

export interface NodeServiceOptions extends NodeParts {
  /** The iSCSI name under which this node logs in. */
  readonly initiatorName: string
  /** How many disks this node can have attached at once; 0 leaves it to the caller. */
  readonly maxVolumes: number
  /** Whether the health RPCs of CSI 1.13, which are alpha, are offered. Left out: no. */
  readonly volumeHealth?: boolean | undefined
}

export interface NodeService {
  readonly handlers: Handlers<NodeMethods>
  /** For Probe: its `status` answers only once this node is registered. */
  readonly registration: Registration
}

/** The CSI Node service. It keeps nothing in memory that a restart must not lose. */
export function createNodeService(options: NodeServiceOptions): NodeService {
  const { nodeId, initiatorName, maxVolumes, volumeHealth = false } = options
  const spec = { id: nodeId, name: initiatorName, maxAttachments: maxVolumes }
  const registration = new Registration(options.groups, spec)
  return {
    registration,
    handlers: {
      nodeStageVolume: nodeStageVolume(options),
      nodeUnstageVolume: nodeUnstageVolume(options),
      nodePublishVolume: nodePublishVolume(options),
      nodeUnpublishVolume: nodeUnpublishVolume(options),
      nodeGetVolumeStats: nodeGetVolumeStats(options),
      nodeExpandVolume: nodeExpandVolume(options),
      nodeGetInfo: nodeGetInfo({ nodeId, maxVolumes, registration }),
      nodeGetCapabilities: nodeGetCapabilities({ volumeHealth }),
      ...(volumeHealth ? health(options) : {}),
    },
  }
}

const health = (parts: NodeParts) => ({
  nodeGetVolumeHealth: nodeGetVolumeHealth(parts),
  nodeGetStorageHealth: nodeGetStorageHealth(parts),
})
