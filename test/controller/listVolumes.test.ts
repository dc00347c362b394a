import { expect, test } from 'vitest'
import { MAX_PAGE } from '../../src/volumegroups/index.ts'
import { blockOf, type FakeCaller, fakeCaller } from '../fakes/csi-controller.ts'

async function withVolumes(count: number): Promise<FakeCaller> {
  const caller = fakeCaller()
  for (let index = 0; index < count; index += 1) await caller.volume(`v${index}`)
  return caller
}

test('there are none at first', async () => {
  expect(await fakeCaller().call('ListVolumes')).toEqual({ entries: [], nextToken: '' })
})

test('a volume is listed as it was made, with the nodes that it is published to', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('a', { parameters: { fsType: 'xfs' } })
  await caller.register('node-a')
  await caller.call('ControllerPublishVolume', { volumeId, nodeId: 'node-a', volumeCapability: blockOf() })
  const { entries } = await caller.call('ListVolumes')
  expect(entries).toMatchObject([
    { volume: { volumeId, volumeContext: { fsType: 'xfs' } }, status: { publishedNodeIds: ['node-a'] } },
  ])
  expect(entries[0]!.volume!.accessibleTopology).toEqual([
    { segments: { 'csi.mooring.storage/site': 'site-1' } },
  ])
})

test('pages hold what was asked for, and all volumes come once', async () => {
  const caller = await withVolumes(5)
  const seen: string[] = []
  let startingToken = ''
  do {
    const page = await caller.call('ListVolumes', { maxEntries: 2, startingToken })
    expect(page.entries.length).toBeLessThanOrEqual(2)
    seen.push(...page.entries.map(({ volume }) => volume!.volumeId))
    startingToken = page.nextToken
  } while (startingToken !== '')
  expect(new Set(seen).size).toBe(5)
  expect(seen).toHaveLength(5)
})

test('a token without a number of entries gives all the rest', async () => {
  const caller = await withVolumes(5)
  const { nextToken } = await caller.call('ListVolumes', { maxEntries: 2 })
  const rest = await caller.call('ListVolumes', { startingToken: nextToken })
  expect(rest.entries).toHaveLength(3)
  expect(rest.nextToken).toBe('')
})

test("more entries than the port's pages hold come in one answer", async () => {
  const caller = await withVolumes(MAX_PAGE + 3)
  expect((await caller.call('ListVolumes')).entries).toHaveLength(MAX_PAGE + 3)
  const page = await caller.call('ListVolumes', { maxEntries: MAX_PAGE + 1 })
  expect(page.entries).toHaveLength(MAX_PAGE + 1)
  expect(page.nextToken).not.toBe('')
})

test('a token that no list gave out is aborted', async () => {
  await fakeCaller().refuses('ListVolumes', { startingToken: 'invalid-token' }, 10, /^PAGE_TOKEN_INVALID: /)
})

test('a negative number of entries is an invalid argument', async () => {
  await fakeCaller().refuses('ListVolumes', { maxEntries: -1 }, 3, /max_entries is negative/)
})
