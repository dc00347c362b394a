import { afterAll, beforeAll, expect, test } from 'vitest'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import { verifyWithFio } from '../support/fio.ts'
import { memoryOf } from '../support/memory.ts'
import {
  attachVolume,
  createVolume,
  type Driver,
  deleteVolume,
  detachVolume,
  type TestVolume,
} from '../support/volumes.ts'

/** A node full of volumes: all of them work, and no process grows with what was read and written. */

const VOLUMES = 64
const CALLERS = 8
const SIZE_MIB = 16
const MIB = 1024 ** 2
const LOAD_MIB = byLength(8, 16)
const ROUNDS = byLength(2, 8)
/** What a process may hold, in MiB; a worker of 16 disks, all of them under load. */
const MAX_MIB: Readonly<Record<string, number>> = {
  node: 160,
  controller: 160,
  element: 200,
  keeper: 160,
  worker: 400,
}

let deployment: Deployment
let driver: Driver

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-many', maxVolumes: VOLUMES })
  driver = deployment.driver()
})
afterAll(() => deployment?.[Symbol.asyncDispose]())

test(`${VOLUMES} volumes on one node work, in bounded memory`, { timeout: 600_000 }, async () => {
  const attached: { readonly volume: TestVolume; readonly path: string }[] = []
  await inTurns(VOLUMES, async (index) => {
    const options = { name: `many-${index}`, sizeBytes: SIZE_MIB * MIB, access: 'block' as const }
    const volume = await createVolume(driver, options)
    attached.push({ volume, path: await attachVolume(driver, volume) })
  })
  report('attached, idle')
  for (let round = 1; round <= ROUNDS; round += 1) {
    const begun = performance.now()
    await Promise.all(attached.map(({ path: file }) => verifyWithFio({ file, sizeMib: LOAD_MIB })))
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    report(`after ${LOAD_MIB} MiB were written and checked on each at once, in ${seconds} s (${round})`)
  }
  for (const [name, values] of memoryOf(deployment)) {
    expect(Math.max(...values), `MiB of ${name}`).toBeLessThan(MAX_MIB[name] ?? Number.POSITIVE_INFINITY)
  }
  await inTurns(VOLUMES, async (index) => {
    const { volume } = attached[index]!
    await detachVolume(driver, volume)
    await deleteVolume(driver, volume)
  })
  report('detached')
  expect(remainsOf(await censusOf(deployment))).toEqual({})
})

function report(when: string): void {
  const parts = [...memoryOf(deployment)].map(
    ([name, values]) => `${name} ${values.map(Math.round).join('+')}`,
  )
  process.stdout.write(`memory in MiB, ${VOLUMES} volumes ${when}: ${parts.join(', ')}\n`)
}

/** A few at once, as many as a kubelet would. */
async function inTurns(times: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < times) {
      const index = next
      next += 1
      await task(index)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}
