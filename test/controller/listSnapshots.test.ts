import { beforeEach, expect, test } from 'vitest'
import { snapshotIdOf } from '../../src/csi/snapshot-id.ts'
import { diskIds, recoveryPointIds } from '../../src/volumegroups/index.ts'
import { tokenFor } from '../../src/volumegroups/rules/pages.ts'
import { type FakeCaller, fakeCaller } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let a: string
let b: string
let snapshots: string[]

beforeEach(async () => {
  caller = fakeCaller()
  a = await caller.volume('a')
  b = await caller.volume('b')
  snapshots = [await caller.snapshot('1', a), await caller.snapshot('2', a), await caller.snapshot('3', b)]
})

const list = async (fields: object = {}) => {
  const { entries } = await caller.call('ListSnapshots', fields)
  return entries.map(({ snapshot }) => snapshot!.snapshotId)
}

test('all are listed, each as it was made', async () => {
  expect(await list()).toEqual(snapshots)
  const { entries } = await caller.call('ListSnapshots')
  const again = await caller.call('CreateSnapshot', { name: '1', sourceVolumeId: a })
  expect(entries[0]).toEqual(again)
})

test('filters by snapshot, by source, and by both', async () => {
  expect(await list({ snapshotId: snapshots[1] })).toEqual([snapshots[1]])
  expect(await list({ sourceVolumeId: a })).toEqual(snapshots.slice(0, 2))
  expect(await list({ sourceVolumeId: a, snapshotId: snapshots[1] })).toEqual([snapshots[1]])
  expect(await list({ sourceVolumeId: b, snapshotId: snapshots[1] })).toEqual([])
})

test('a filter that names what does not exist gives nothing', async () => {
  const unknown = snapshotIdOf({ recoveryPointId: recoveryPointIds.create(), diskId: diskIds.create() })
  expect(await list({ snapshotId: 'none-exist-id' })).toEqual([])
  expect(await list({ snapshotId: unknown })).toEqual([])
  expect(await list({ sourceVolumeId: 'none-exist-id' })).toEqual([])
  expect(await list({ sourceVolumeId: diskIds.create() })).toEqual([])
  expect(await list({ sourceVolumeId: a, snapshotId: 'none-exist-id' })).toEqual([])
})

test('pages, and a token without a number gives all the rest', async () => {
  const { entries, nextToken } = await caller.call('ListSnapshots', { maxEntries: 2 })
  expect(entries).toHaveLength(2)
  expect(await list({ startingToken: nextToken })).toEqual([snapshots[2]])
})

test("the element's token fits into the 128 bytes that CSI allows a string", () => {
  const cursor = { atMs: Date.now(), keys: [recoveryPointIds.create(), diskIds.create()] }
  expect(Buffer.byteLength(tokenFor(cursor, 'diskImages'))).toBeLessThanOrEqual(128)
})

test('a token that no list gave out is aborted', async () => {
  await caller.refuses('ListSnapshots', { startingToken: 'invalid-token' }, 10, /^PAGE_TOKEN_INVALID: /)
})

test('the members of a group snapshot are listed with its id', async () => {
  const fields = { name: 'g', sourceVolumeIds: [b] }
  const { groupSnapshot } = await caller.call('CreateVolumeGroupSnapshot', fields)
  const { entries } = await caller.call('ListSnapshots', { sourceVolumeId: b })
  expect(entries.map(({ snapshot }) => snapshot!.groupSnapshotId)).toEqual([
    '',
    groupSnapshot!.groupSnapshotId,
  ])
})
