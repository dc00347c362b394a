import { once } from 'node:events'
import { connect } from 'node:net'

/** Abstract, so it is seen from the host's network namespace and from no other. The same in all versions. */
const SOCKET = '\0ISCSIADM_ABSTRACT_NAMESPACE'
const TIMEOUT_MS = 3000

/** Whether iscsid answers, or is started because it was asked for. */
export async function isIscsidThere(path = SOCKET): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
