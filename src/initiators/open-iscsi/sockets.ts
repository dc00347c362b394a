import { once } from 'node:events'
import { connect, type NetConnectOpts } from 'node:net'
import type { Portal } from '../../volumegroups/index.ts'

/** Abstract, so it is seen from the host's network namespace and from no other. The same in all versions. */
const ISCSID = { path: '\0ISCSIADM_ABSTRACT_NAMESPACE' }
const TIMEOUT_MS = 3000

/** Whether iscsid answers, or is started because it was asked for. */
export const isIscsidThere = (): Promise<boolean> => isOpen(ISCSID)

export const isPortalOpen = ({ address, port }: Portal): Promise<boolean> => isOpen({ host: address, port })

async function isOpen(where: NetConnectOpts): Promise<boolean> {
  const socket = connect(where)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
