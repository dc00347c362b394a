import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint, type ElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import type { InitiatorId } from '../../src/volumegroups/index.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { disagreements } from './agreement.ts'
import { DiskLife } from './disk-life.ts'
import { describeTally, type Tally } from './unruly-caller.ts'

/**
 * The element is killed again and again while many callers make, copy, grow, grant and delete. After each restart
 * the store, the target, the database and the manifests say the same, and each call, repeated, makes one object.
 */

const KILLS = byLength(20, 250)
const WORKERS = 12
/** A kill comes within this time. */
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

test(`all agrees after each of ${KILLS} kills under load`, { timeout: 900_000 }, async () => {
  const tally: Tally = new Map()
  const lives = Array.from({ length: WORKERS }, (_, index) => {
    const group = index % 3 === 0 ? `shared-${index % 2}` : undefined
    return new DiskLife({ element, name: `worker-${index}`, initiators: INITIATORS, group, tally })
  })
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const round = new AbortController()
    const working = Promise.all(lives.map((life) => life.workUntil(round.signal)))
    await Promise.race([working, sleep(Math.random() * MAX_CALM_MS)]) // a fault ends it at once
    const killed = deployment.kill('element', 'SIGKILL')
    round.abort()
    await Promise.all([killed, working])
    await deployment.run('element')
    expect(await disagreements(deployment), `after kill ${kill}`).toEqual([])
  }
  process.stdout.write(`${KILLS} kills of the element under ${WORKERS} callers: ${describeTally(tally)}\n`)
  await Promise.all(lives.map((life) => life.end()))
  expect(await disagreements(deployment)).toEqual([])
  for (const { id } of (await element.listGroups()).items) await element.deleteGroup(id)
  expect(remainsOf(await censusOf(deployment))).toEqual({})
})
