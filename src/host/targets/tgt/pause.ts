import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '../../../volumegroups/index.ts'
import { closeSessions, type Place } from './fence.ts'
import { setState, showConnections } from './requests.ts'
import { parseConnections } from './show.ts'

const POLL_MS = 5

/**
 * Nobody can log in, and nothing is under way: a connection that was closed stays in tgtd's list until its last
 * command is done. An initiator is told that the target is out of service, which is no reason to give up.
 */
export async function hold(place: Place, timeoutMs: number): Promise<void> {
  await place.link.call(setState(place.tid, 'offline'))
  const deadline = Date.now() + timeoutMs
  for (;;) {
    await closeSessions(place)
    if (parseConnections(await place.link.call(showConnections(place.tid))).length === 0) return
    if (Date.now() > deadline) throw unquiet(timeoutMs)
    await sleep(POLL_MS)
  }
}

export async function release({ link, tid }: Place): Promise<void> {
  await link.call(setState(tid, 'ready'))
}

const unquiet = (timeoutMs: number): StorageError =>
  new StorageError('FENCE_INCOMPLETE', `a target has a command under way since ${timeoutMs} ms`)
