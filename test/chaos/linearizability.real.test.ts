import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createElementEndpoint, type ElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import type { InitiatorId } from '../../src/volumegroups/index.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { checkHistory, type RecordedCall } from '../support/linearizability.ts'
import { below, randomFrom } from '../support/random.ts'
import { RecordingClient } from './recording-client.ts'

/**
 * Many connections make, read, grow, grant, revoke and delete a few disks and groups, and the element is killed under
 * them. Porcupine looks for an order of the calls that explains all answers. One element has one process: there is no
 * second one whose answers could differ.
 */

const CLIENTS = 8
const KILLS = byLength(8, 200)
const NAMES = 3
/** Before a kill, and again after the restart. */
const MAX_CALM_MS = 1200
const SEED = below(Math.random, 2 ** 32)
const INITIATORS = ['guest-a', 'guest-b', 'guest-c'] as InitiatorId[]

let deployment: Deployment
let element: ElementEndpoint

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-order' })
  element = createElementEndpoint({ socketPath: deployment.elementSocket })
  for (const id of INITIATORS) {
    await element.registerInitiator({ id, name: `iqn.2026-01.test:${id}`, maxAttachments: 0 })
  }
})
afterAll(async () => {
  await element?.[Symbol.asyncDispose]()
  await deployment?.[Symbol.asyncDispose]()
})

test(`what ${CLIENTS} clients see through ${KILLS} kills of the element is linearizable`, {
  timeout: byLength(240_000, 3_600_000),
}, async () => {
  const history: RecordedCall[] = []
  const random = randomFrom(SEED)
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const stop = new AbortController()
    const names = Array.from({ length: NAMES }, (_, index) => `${kill}-${index}`)
    const working = Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => work({ index, names, stop: stop.signal, history })),
    )
    working.catch(() => {}) // awaited below
    await sleep(random() * MAX_CALM_MS)
    await deployment.kill('element', 'SIGKILL')
    await deployment.run('element')
    await sleep(random() * MAX_CALM_MS)
    stop.abort()
    await working
  }
  const unanswered = history.filter(({ returnNs }) => returnNs === undefined).length
  const verdict = await checkHistory(history)
  process.stdout.write(
    `seed ${SEED}: ${history.length} calls, ${unanswered} of them without an answer, on ` +
      `${verdict.linearizable} disks and groups with a linearizable history\n`,
  )
  expect(verdict).toEqual({ linearizable: KILLS * NAMES * 2, illegal: [], undecided: [] })
})

interface Work {
  readonly index: number
  readonly names: readonly string[]
  readonly stop: AbortSignal
  readonly history: RecordedCall[]
}

async function work({ index, names, stop, history }: Work): Promise<void> {
  const random = randomFrom(SEED ^ (index * 7919))
  const { elementSocket: socketPath } = deployment
  await using client = new RecordingClient({ index, socketPath, initiators: INITIATORS, random, history })
  while (!stop.aborted) {
    const answered = await client.once(names[below(random, names.length)]!)
    if (!answered) await sleep(50)
  }
}
