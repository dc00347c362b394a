import type { VolumeHealthVolumeHealthEntry } from '../csi/messages.ts'
import type { Call } from '../rpc/call.ts'
import { type DiskSession, StorageError } from '../volumegroups/index.ts'
import { deviceOf } from './encryption.ts'
import type { NodeParts } from './parts.ts'
import type { VolumeRecord } from './records.ts'

type Entry = VolumeHealthVolumeHealthEntry

/** Everything that is wrong with a volume of this node, each for itself; nothing when all is well. */
export async function volumeFaults(
  parts: NodeParts,
  record: VolumeRecord,
  call: Call,
): Promise<readonly Entry[]> {
  const sessions = await parts.initiator.sessions({ signal: call.signal })
  const session = sessionFault(sessions.find(({ diskId }) => diskId === record.diskId))
  if (record.phase !== 'staged') return session
  return [...session, ...(await deviceFault(parts, record)), ...(await mountFault(parts, record))]
}

function sessionFault(session: DiskSession | undefined): readonly Entry[] {
  if (session?.state === 'reconnecting') {
    return inaccessible('SessionReconnecting', `the target does not answer, I/O waits: ${session.detail}`)
  }
  if (session?.state === 'failed') {
    return inaccessible('SessionFailed', `I/O of the disk fails until it is staged anew: ${session.detail}`)
  }
  const { up, expected } = session?.paths ?? { up: 0, expected: 0 }
  if (up === expected) return []
  const message = `${up} of ${expected} paths to the disk work; the next one that goes can stop its I/O`
  return [{ status: 'DEGRADED', reason: 'PathsLost', message }]
}

/** After a reboot the volume is to be staged again, and is not accessible until then. */
async function deviceFault(parts: NodeParts, record: VolumeRecord): Promise<readonly Entry[]> {
  if ((await deviceOf(parts, record)) !== undefined) return []
  return inaccessible(
    'DeviceGone',
    'the volume is staged, but its disk is not attached to this node any more',
  )
}

async function mountFault(
  { machine }: NodeParts,
  { accessType, stagingPath }: VolumeRecord,
): Promise<readonly Entry[]> {
  if (accessType === 'block') return []
  if ((await machine.mountAt(stagingPath)) === undefined) {
    return inaccessible(
      'MountGone',
      'the volume is staged, but nothing is mounted at its staging path any more',
    )
  }
  try {
    await machine.usage(stagingPath)
    return []
  } catch (error) {
    if (isDead(error))
      return inaccessible('MountDead', 'the file system of the volume answers with an I/O error')
    throw error // whether it is well is not known
  }
}

/** What the kernel answers for a file system whose device or server is gone. */
const DEAD = ['ENOTCONN', 'EIO', 'ESHUTDOWN', 'ENODEV']

const isDead = (error: unknown): boolean =>
  error instanceof StorageError &&
  DEAD.includes((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '')

const inaccessible = (reason: string, message: string): readonly Entry[] => [
  { status: 'INACCESSIBLE', reason, message },
]
