import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { callTgtd } from '../../src/host/targets/tgt/ipc.ts'
import { closeConnection, showConnections, showTargets } from '../../src/host/targets/tgt/requests.ts'
import { parseConnections, parseTargets } from '../../src/host/targets/tgt/show.ts'
import type { Deployment } from '../support/deployment.ts'
import { processesUnder } from '../support/leftovers.ts'

/** The deployment's tgtd, which is known by its environment; undefined when none runs. */
export function tgtdOf({ folder }: Deployment): number | undefined {
  return processesUnder(folder).find(({ command }) => command.startsWith('tgtd '))?.pid
}

/** What would end its tgtd. */
export function sentinelOf({ folder }: Deployment): number | undefined {
  return processesUnder(folder).find(({ command }) => command.includes('sentinel.sh '))?.pid
}

function pidOf(deployment: Deployment): number {
  const pid = tgtdOf(deployment)
  if (pid === undefined) throw new Error('no tgtd runs')
  return pid
}

export function signalTgtd(deployment: Deployment, signal: NodeJS.Signals): void {
  process.kill(pidOf(deployment), signal)
}

/** Kills it and waits until it is gone. */
export async function killTgtd(deployment: Deployment): Promise<void> {
  const pid = pidOf(deployment)
  process.kill(pid, 'SIGKILL')
  for (let wait = 0; wait < 500 && existsSync(`/proc/${pid}/exe`); wait += 1) await sleep(10)
}

/** Closes every connection of every target. */
export async function kickSessions({ targetSocket }: Deployment): Promise<void> {
  for (const { tid } of parseTargets(await callTgtd(targetSocket, showTargets))) {
    const shown = await callTgtd(targetSocket, showConnections(tid))
    for (const { session, connection } of parseConnections(shown)) {
      const close = closeConnection(tid, session, connection)
      await callTgtd(targetSocket, close).catch(() => {}) // it may have gone by itself
    }
  }
}
