import type {
  GroupControllerGetCapabilitiesRequest,
  GroupControllerGetCapabilitiesResponse,
} from '../csi/messages.ts'
import type { Handler } from '../rpc/call.ts'

/** What the GroupController service can do. */
export function groupControllerGetCapabilities(): Handler<
  GroupControllerGetCapabilitiesRequest,
  GroupControllerGetCapabilitiesResponse
> {
  return async () => ({ capabilities: [{ rpc: { type: 'CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT' } }] })
}
