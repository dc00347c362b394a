import type { Call, Handlers } from '../rpc/call.ts'
import type { VolumeGroups } from '../volumegroups/index.ts'
import type { IdentityMethods, PluginCapability, PluginCapabilityServiceType } from './messages.ts'

/** It never changes: it is in every PersistentVolume. */
export const DRIVER_NAME = 'csi.mooring.storage'

/** Sidecars ask again each second while the answer is `ready: false`. */
const STATUS_TIMEOUT_MS = 1000

export interface IdentityOptions {
  readonly endpoint: Pick<VolumeGroups, 'status'>
  /** The version in package.json. */
  readonly version: string
}

/** The Identity service: the same on node and controller. */
export function createIdentityService(options: IdentityOptions): Required<Handlers<IdentityMethods>> {
  let answeredOnce = false
  return {
    getPluginInfo: async () => ({ name: DRIVER_NAME, vendorVersion: options.version, manifest: {} }),
    getPluginCapabilities: async () => ({ capabilities: CAPABILITIES }),
    /** Not ready until the endpoint has answered once, and ready from then on: an error would restart the sidecars. */
    probe: async (_request, call) => {
      answeredOnce ||= await isReady(options.endpoint, call)
      return { ready: { value: answeredOnce } }
    },
  }
}

async function isReady(endpoint: Pick<VolumeGroups, 'status'>, call: Call): Promise<boolean> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(STATUS_TIMEOUT_MS)])
  try {
    const { state } = await endpoint.status({ signal })
    return state === 'ready'
  } catch (error) {
    call.log.info({ err: error }, 'the endpoint does not answer yet')
    return false
  }
}

const service = (type: PluginCapabilityServiceType): PluginCapability => ({ service: { type } })

const CAPABILITIES: readonly PluginCapability[] = [
  service('CONTROLLER_SERVICE'),
  service('VOLUME_ACCESSIBILITY_CONSTRAINTS'),
  service('GROUP_CONTROLLER_SERVICE'),
  service('SNAPSHOT_METADATA_SERVICE'),
  { volumeExpansion: { type: 'ONLINE' } },
]
