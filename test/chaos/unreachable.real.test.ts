import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { byLength } from '../support/duration.ts'
import { Storm } from './storm.ts'
import { killTgtd, signalTgtd } from './tgtd.ts'

/** The target is away for a while, in the two ways that there are: I/O waits and goes on. */

const DISKS = byLength(2, 16)
const AWAY_MS = byLength(5000, 20_000)
/** How long after the target is back all I/O goes on. Far above what is measured, as the machine may be busy. */
const MAX_RETURN_MS = 15_000

let storm: Storm
beforeAll(async () => {
  storm = await Storm.start(DISKS, { name: 'mooring-away', onStop: 'serve' })
})
afterAll(() => storm?.[Symbol.asyncDispose]())

const FAULTS: Readonly<Record<string, () => Promise<void>>> = {
  'it takes connections and says nothing': async () => {
    signalTgtd(storm.deployment, 'SIGSTOP')
    await sleep(AWAY_MS)
    signalTgtd(storm.deployment, 'SIGCONT')
  },
  'it refuses connections': async () => {
    await storm.deployment.kill('element', 'SIGKILL')
    await killTgtd(storm.deployment)
    await sleep(AWAY_MS)
    await storm.deployment.run('element')
  },
}

test.each(Object.entries(FAULTS))('%s', { timeout: 300_000 }, async (name, fault) => {
  const told = `away for ${AWAY_MS} ms, ${name}`
  const longestMs = await storm.verifyDuring(told, fault, AWAY_MS + MAX_RETURN_MS / 2)
  expect(longestMs).toBeGreaterThan(1000)
  expect(longestMs).toBeLessThan(AWAY_MS + MAX_RETURN_MS)
})

test('nothing is left of the disks', async () => {
  expect(await storm.end()).toEqual({})
})
