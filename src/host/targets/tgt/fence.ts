import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '../../../volumegroups/index.ts'
import type { Link } from './daemon.ts'
import { TGT_RESULT, TgtRefusal, type TgtRequest } from './ipc.ts'
import { closeConnection, deleteLun, deleteTarget, showConnections, shutOut } from './requests.ts'
import { parseConnections } from './show.ts'

/** A target in one life of tgtd. */
export interface Place {
  readonly link: Link
  readonly tid: number
}

/** An initiator that pauses for this long between commands is not thrown out. */
const GAP_TRIES = 8
const GAP_POLL_MS = 5
const FENCE_POLL_MS = 20

/** Makes the request; false when tgtd refuses it for one of these reasons, which mean that it is done already. */
export async function unless(link: Link, request: TgtRequest, results: readonly number[]): Promise<boolean> {
  try {
    await link.call(request)
    return true
  } catch (error) {
    if (error instanceof TgtRefusal && results.includes(error.result)) return false
    throw error
  }
}

/** tgtd refuses to delete a LUN while a command for it is active: a LUN that is gone has nothing under way. */
async function lunIsGone({ link, tid }: Place, lun: number): Promise<boolean> {
  try {
    await unless(link, deleteLun(tid, lun), [TGT_RESULT.noLun])
    return true
  } catch (error) {
    if (error instanceof TgtRefusal && error.result === TGT_RESULT.lunActive) return false
    throw error
  }
}

/** Takes the LUN away in a gap between commands, if there is one. */
export async function deleteLunInGap(place: Place, lun: number): Promise<boolean> {
  for (let attempt = 1; !(await lunIsGone(place, lun)); attempt++) {
    if (attempt === GAP_TRIES) return false
    await sleep(GAP_POLL_MS)
  }
  return true
}

/** Closes the target's sessions until nothing is under way for the LUN, then takes it away. The door must be shut. */
export async function deleteLunByForce(place: Place, lun: number, timeoutMs: number): Promise<void> {
  await untilDone(timeoutMs, async () => {
    await closeSessions(place)
    return lunIsGone(place, lun)
  })
}

/** Shuts the initiator out, closes its sessions and deletes the target, which has no LUN any more. */
export async function deleteEmptyTarget(
  place: Place,
  initiatorName: string,
  timeoutMs: number,
): Promise<void> {
  await shutDoor(place, initiatorName)
  await untilDone(timeoutMs, async () => {
    await closeSessions(place)
    return unless(place.link, deleteTarget(place.tid), [TGT_RESULT.targetActive])
  })
}

/** Nobody can log in any more. */
export async function shutDoor({ link, tid }: Place, initiatorName: string): Promise<void> {
  await unless(link, shutOut(tid, initiatorName), [TGT_RESULT.noAcl])
}

export async function closeSessions({ link, tid }: Place): Promise<void> {
  for (const { session, connection } of parseConnections(await link.call(showConnections(tid)))) {
    await unless(link, closeConnection(tid, session, connection), [
      TGT_RESULT.noSession,
      TGT_RESULT.noConnection,
    ])
  }
}

async function untilDone(timeoutMs: number, attempt: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await attempt())) {
    if (Date.now() > deadline) {
      throw new StorageError('FENCE_INCOMPLETE', `the LUN has a command under way since ${timeoutMs} ms`)
    }
    await sleep(FENCE_POLL_MS)
  }
}
