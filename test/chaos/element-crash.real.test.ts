import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint, type ElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import type { InitiatorId } from '../../src/volumegroups/index.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { disagreements } from './agreement.ts'
import { DiskLife } from './disk-life.ts'
import { killTgtd } from './tgtd.ts'
import { describeTally, type Tally } from './unruly-caller.ts'

/**
 * Element and tgtd are killed and stopped again and again while many callers make, copy, grow, grant and delete. After
 * each time the store, the target, the database and the manifests say the same, and each call, repeated, makes one
 * object.
 */

const ROUNDS = byLength(20, 250)
const WORKERS = 12
/** A fault comes within this time. */
const MAX_CALM_MS = 600
const INITIATORS = ['guest-a', 'guest-b', 'guest-c'] as InitiatorId[]

let deployment: Deployment
let element: ElementEndpoint

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-crash', onStop: 'serve' })
  element = createElementEndpoint({ socketPath: deployment.elementSocket })
  for (const id of INITIATORS) {
    await element.registerInitiator({ id, name: `iqn.2026-01.test:${id}`, maxAttachments: 0 })
  }
})
afterAll(async () => {
  await element?.[Symbol.asyncDispose]()
  await deployment?.[Symbol.asyncDispose]()
})

const killElement = () => deployment.kill('element', 'SIGKILL')
const runElement = () => deployment.run('element')
const signalElement = (signal: NodeJS.Signals) => async () =>
  void process.kill(deployment.pid('element'), signal)

interface Fault {
  readonly begin: () => Promise<unknown>
  readonly end: () => Promise<unknown>
}

const FAULTS: readonly Fault[] = [
  { begin: killElement, end: runElement },
  { begin: () => killTgtd(deployment), end: async () => {} },
  { begin: killElement, end: runElement },
  { begin: () => Promise.all([killElement(), killTgtd(deployment)]), end: runElement },
  { begin: signalElement('SIGSTOP'), end: signalElement('SIGCONT') },
]

test(`all agrees after each of ${ROUNDS} faults under load`, { timeout: 900_000 }, async () => {
  const tally: Tally = new Map()
  const lives = Array.from({ length: WORKERS }, (_, index) => {
    const group = index % 3 === 0 ? `shared-${index % 2}` : undefined
    return new DiskLife({ element, name: `worker-${index}`, initiators: INITIATORS, group, tally })
  })
  for (let round = 1; round <= ROUNDS; round += 1) {
    const fault = FAULTS[round % FAULTS.length] as Fault
    const end = new AbortController()
    const working = Promise.all(lives.map((life) => life.workUntil(end.signal)))
    await Promise.race([working, sleep(Math.random() * MAX_CALM_MS)]) // a fault of a worker ends it at once
    const begun = fault.begin()
    end.abort()
    await begun
    await sleep(Math.random() * MAX_CALM_MS)
    await fault.end()
    await working
    // What has to wait for tgtd is tried again for a while.
    const agrees = () => disagreements(deployment)
    await expect.poll(agrees, { timeout: 60_000, message: `after fault ${round}` }).toEqual([])
  }
  process.stdout.write(`${ROUNDS} faults under ${WORKERS} callers: ${describeTally(tally)}\n`)
  await Promise.all(lives.map((life) => life.end()))
  expect(await disagreements(deployment)).toEqual([])
  for (const { id } of (await element.listGroups()).items) await element.deleteGroup(id)
  expect(remainsOf(await censusOf(deployment))).toEqual({})
})
