import type {
  NodeGetStorageHealthRequest,
  NodeGetStorageHealthResponse,
  NodeGetStorageHealthResponseStorageBackendHealth,
  StorageHealthErrorType,
} from '../csi/messages.ts'
import type { Call, Handler } from '../rpc/call.ts'
import { asStorageError } from '../volumegroups/index.ts'
import type { NodeParts } from './parts.ts'

type Entry = NodeGetStorageHealthResponseStorageBackendHealth

/** The caller asks often, and a control plane that takes longer is as good as gone. */
const STATUS_TIMEOUT_MS = 5000

/** How this node reaches its storage, whichever volume: the control plane and the targets. */
export function nodeGetStorageHealth(
  parts: NodeParts,
): Handler<NodeGetStorageHealthRequest, NodeGetStorageHealthResponse> {
  return async (_request, call) => {
    const found = await Promise.all([elementFault(parts, call), sessionFaults(parts, call)])
    return { backendHealth: found.flat() }
  }
}

/** Volumes that are staged go on without the element; only what is to be attached has to wait for it. */
async function elementFault({ groups }: NodeParts, call: Call): Promise<readonly Entry[]> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(STATUS_TIMEOUT_MS)])
  try {
    const { state } = await groups.status({ signal })
    return state === 'ready' ? [] : [fault('STORAGE_DEGRADED', 'ElementNotReady', `the element is ${state}`)]
  } catch (error) {
    call.signal.throwIfAborted()
    return [fault('STORAGE_DEGRADED', 'ElementUnreachable', asStorageError(error).message)]
  }
}

/** A disk that failed for good says nothing about where it came from. */
async function sessionFaults({ initiator }: NodeParts, call: Call): Promise<readonly Entry[]> {
  const sessions = await initiator.sessions({ signal: call.signal })
  const present = sessions.filter(({ state }) => state !== 'failed')
  const lost = present.filter(({ state }) => state === 'reconnecting')
  if (lost.length === 0) return []
  const message = `${lost.length} of ${present.length} attached disks wait for their target: ${lost[0]!.detail}`
  const some = fault('STORAGE_DEGRADED', 'SessionsLost', message)
  if (lost.length < present.length) return [some]
  return [some, fault('STORAGE_UNREACHABLE', 'TargetUnreachable', message)]
}

/** It concerns every way in which a volume can be used. */
const fault = (status: StorageHealthErrorType, reason: string, message: string): Entry => ({
  status,
  reason,
  message,
  volumeCapability: null,
})
