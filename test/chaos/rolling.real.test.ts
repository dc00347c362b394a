import { afterAll, beforeAll, expect, test } from 'vitest'
import { askKeeper } from '../../src/initiators/userspace/keeper/keeper-client.ts'
import { byLength } from '../support/duration.ts'
import { Storm } from './storm.ts'
import { killTgtd } from './tgtd.ts'

/**
 * Element, tgtd, node and keeper are restarted one after another, again and again, while fio writes and checks. What is
 * attached is served by workers throughout: a keeper that is killed takes none of them along, and the next one serves
 * what is attached from then on.
 */

const ROUNDS = byLength(8, 100)
const DISKS = byLength(3, 8)
/** The bound on a stall. Far above what is measured, since the machine may be busy with other things. */
const MAX_STALL_MS = 15_000

let storm: Storm
beforeAll(async () => {
  storm = await Storm.start(DISKS, { name: 'mooring-rolling', onStop: 'serve' })
})
afterAll(() => storm?.[Symbol.asyncDispose]())

test(`${ROUNDS} rolling restarts of element, tgtd, node and keeper cost no I/O error`, {
  timeout: byLength(300_000, 3_600_000),
}, async () => {
  const rollOn = async (): Promise<void> => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const signal = round % 2 === 0 ? 'SIGTERM' : 'SIGKILL'
      await restart('element', signal)
      await killTgtd(storm.deployment)
      await restart('node', signal)
      await killKeeper()
      await storm.useAnother(`round-${round}`)
    }
  }
  expect(await storm.verifyDuring(`${ROUNDS} rolling restarts`, rollOn, 3000)).toBeLessThan(MAX_STALL_MS)
  expect(await storm.end()).toEqual({})
})

async function restart(role: 'element' | 'node', signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  await storm.deployment.kill(role, signal)
  await storm.deployment.run(role)
}

/** With disks attached it does not stop by itself: this is how it is upgraded, too. The node starts the next one. */
async function killKeeper(): Promise<void> {
  const { pid } = await askKeeper(storm.keeperSocket, { op: 'status' }, 10_000)
  process.kill(pid, 'SIGKILL')
}
