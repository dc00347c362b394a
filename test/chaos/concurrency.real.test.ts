import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeGetInfoResponse } from '../../src/csi/messages.ts'
import { createElementEndpoint } from '../../src/endpoints/element/element-endpoint.ts'
import { censusOf, remainsOf } from '../support/census.ts'
import { Deployment } from '../support/deployment.ts'
import { byLength } from '../support/duration.ts'
import type { Place } from './csi-calls.ts'
import { describeTally, UnrulyCaller } from './unruly-caller.ts'
import { live } from './volume-life.ts'

/** Many callers at once, repeating, doubling and giving up calls: nothing fails but ABORTED, and nothing leaks. */

const WORKERS = 64
const RUN_MS = byLength(20_000, 60_000)
const SHARED_GROUPS = ['shared-0', 'shared-1', 'shared-2', 'shared-3']

let deployment: Deployment
let caller: UnrulyCaller
let place: Place

beforeAll(async () => {
  deployment = await Deployment.start({ name: 'mooring-crowd', maxVolumes: 128, poolBytes: 32 * 1024 ** 3 })
  const clients = { controller: deployment.csi('controller'), node: deployment.csi('node') }
  const { nodeId } = await clients.node.call<NodeGetInfoResponse>('NodeGetInfo')
  caller = new UnrulyCaller(clients)
  place = { nodeId, folder: join(deployment.folder, 'kubelet') }
})
afterAll(() => deployment?.[Symbol.asyncDispose]())

test(`${WORKERS} workers at once leave nothing behind and see no error but ABORTED`, {
  timeout: 600_000,
}, async () => {
  const faults: Error[] = []
  let lives = 0
  const end = Date.now() + RUN_MS
  const work = async (worker: number): Promise<void> => {
    for (let round = 0; Date.now() < end && faults.length === 0; round += 1) {
      await live(caller, place, {
        name: `life-${worker}-${round}`,
        access: (worker + round) % 2 === 0 ? 'mount' : 'block',
        volumeGroup: worker % 3 === 0 ? SHARED_GROUPS[worker % SHARED_GROUPS.length] : undefined,
      })
      lives += 1
    }
  }
  const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker))
  await Promise.all(workers.map((worker) => worker.catch((error: Error) => faults.push(error))))
  process.stdout.write(
    `${WORKERS} workers, ${lives} lives of volumes\n  calls: ${describeTally(caller.calls)}\n` +
      `  errors: ${describeTally(caller.errors)}\n`,
  )
  expect(faults.map(({ message }) => message)).toEqual([])
  await deleteSharedGroups()
  const census = await censusOf(deployment)
  process.stdout.write(
    `  afterwards: ${Object.entries(census)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ')}\n`,
  )
  expect(remainsOf(census)).toEqual({})
})

/** They are refused while anything is in them. */
async function deleteSharedGroups(): Promise<void> {
  await using element = createElementEndpoint({ socketPath: deployment.elementSocket })
  for (const { id } of (await element.listGroups()).items) await element.deleteGroup(id)
}
