import { expect, test } from 'vitest'
import { recoveryPointIds } from '../../src/volumegroups/index.ts'
import { type FakeCaller, fakeCaller } from '../fakes/csi-controller.ts'

async function groupSnapshot(caller: FakeCaller) {
  const parameters = { volumeGroup: 'g' }
  const ids = [await caller.volume('a', { parameters }), await caller.volume('b', { parameters })]
  const made = await caller.call('CreateVolumeGroupSnapshot', { name: 's', sourceVolumeIds: ids })
  const { groupSnapshotId, snapshots } = made.groupSnapshot!
  return { groupSnapshotId, snapshotIds: snapshots.map(({ snapshotId }) => snapshotId) }
}

test('the group snapshot goes with all its members, and again is no error', async () => {
  const caller = fakeCaller()
  const group = await groupSnapshot(caller)
  await caller.call('DeleteVolumeGroupSnapshot', group)
  expect((await caller.call('ListSnapshots')).entries).toEqual([])
  expect(await caller.call('DeleteVolumeGroupSnapshot', group)).toEqual({})
})

test('other snapshots than the group has are refused, and nothing is deleted', async () => {
  const caller = fakeCaller()
  const { groupSnapshotId, snapshotIds } = await groupSnapshot(caller)
  const [first, second] = snapshotIds
  const request = { groupSnapshotId, snapshotIds: [first, 'strange'] }
  const wanted = new RegExp(`does not name ${second} and names strange`)
  await caller.refuses('DeleteVolumeGroupSnapshot', request, 3, wanted)
  await caller.refuses('DeleteVolumeGroupSnapshot', { groupSnapshotId }, 3, /does not name/)
  expect((await caller.call('ListSnapshots')).entries).toHaveLength(2)
})

test('a group snapshot that never was is no error, whatever else the request says', async () => {
  for (const groupSnapshotId of ['reallyfake', recoveryPointIds.create()]) {
    expect(await fakeCaller().call('DeleteVolumeGroupSnapshot', { groupSnapshotId })).toEqual({})
  }
})

test('a snapshot of one volume is no group snapshot', async () => {
  const caller = fakeCaller()
  await caller.snapshot('s', await caller.volume('a'))
  const [point] = (await caller.groups.listRecoveryPoints()).items
  await caller.call('DeleteVolumeGroupSnapshot', { groupSnapshotId: point!.id })
  expect((await caller.call('ListSnapshots')).entries).toHaveLength(1)
})

test('no id is an invalid argument', async () => {
  await fakeCaller().refuses('DeleteVolumeGroupSnapshot', {}, 3, /group_snapshot_id is missing/)
})
