import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askKeeper } from '../../src/initiators/userspace/keeper/keeper-client.ts'
import { byLength } from '../support/duration.ts'
import { Storm } from './storm.ts'
import { kickSessions, killTgtd } from './tgtd.ts'

/**
 * Everything between a pod and its bytes dies while fio writes and checks on several disks: I/O waits and goes on,
 * with no error and no wrong byte.
 */

const DISKS = byLength(4, 16)
/** The bound on a stall. Far above what is measured, since the machine may be busy with other things. */
const MAX_STALL_MS = 15_000
const REMARKABLE_MS = 3000

let storm: Storm
beforeAll(async () => {
  storm = await Storm.start(DISKS, { name: 'mooring-storm', onStop: 'serve' })
})
afterAll(() => storm?.[Symbol.asyncDispose]())

const restart = (role: 'element' | 'node', signal: 'SIGKILL' | 'SIGTERM') => async (): Promise<void> => {
  await storm.deployment.kill(role, signal)
  await storm.deployment.run(role)
}

const FAULTS: Readonly<Record<string, () => Promise<void>>> = {
  'nothing at all': async () => {},
  'the element is killed and started': restart('element', 'SIGKILL'),
  'the element is stopped and started': restart('element', 'SIGTERM'),
  'tgtd is killed': () => killTgtd(storm.deployment),
  'element and tgtd are killed, and the element is started': async () => {
    await storm.deployment.kill('element', 'SIGKILL')
    await killTgtd(storm.deployment)
    await storm.deployment.run('element')
  },
  'all sessions are kicked, again and again': async () => {
    for (let round = 0; round < byLength(5, 50); round += 1) {
      await kickSessions(storm.deployment)
      await sleep(300)
    }
  },
  'the node is killed and started': restart('node', 'SIGKILL'),
  'the node is stopped and started': restart('node', 'SIGTERM'),
  'all workers are killed every two seconds': async () => {
    for (let round = 0; round < byLength(3, 15); round += 1) {
      const { workers } = await askKeeper(storm.keeperSocket, { op: 'status' }, 10_000)
      for (const { pid } of workers) killIfThere(pid)
      await sleep(2000)
    }
  },
  'all workers are renewed, as by an upgrade': async () => {
    await askKeeper(storm.keeperSocket, { op: 'renew' }, 60_000)
  },
}

test.each(Object.entries(FAULTS))('%s', { timeout: 300_000 }, async (name, fault) => {
  expect(await storm.verifyDuring(name, fault, REMARKABLE_MS)).toBeLessThan(MAX_STALL_MS)
})

test('nothing is left of the disks', async () => {
  expect(await storm.end()).toEqual({})
})

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just died, and another takes its place.
  }
}
