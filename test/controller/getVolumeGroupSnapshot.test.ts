import { expect, test } from 'vitest'
import { recoveryPointIds } from '../../src/volumegroups/index.ts'
import { fakeCaller } from '../fakes/csi-controller.ts'

test('a group snapshot is shown as it was made', async () => {
  const caller = fakeCaller()
  const sourceVolumeIds = [await caller.volume('a')]
  const made = await caller.call('CreateVolumeGroupSnapshot', { name: 's', sourceVolumeIds })
  const { groupSnapshotId, snapshots } = made.groupSnapshot!
  const snapshotIds = snapshots.map(({ snapshotId }) => snapshotId)
  expect(await caller.call('GetVolumeGroupSnapshot', { groupSnapshotId, snapshotIds })).toEqual(made)
  const request = { groupSnapshotId, snapshotIds: ['strange'] }
  await caller.refuses('GetVolumeGroupSnapshot', request, 3, /names strange, which the group does not have/)
})

test('no id is an invalid argument', async () => {
  await fakeCaller().refuses('GetVolumeGroupSnapshot', {}, 3, /group_snapshot_id is missing/)
})

test('one that does not exist is not found, whatever else the request says', async () => {
  for (const groupSnapshotId of ['reallyfake', recoveryPointIds.create()]) {
    const wanted = /^RECOVERY_POINT_NOT_FOUND: /
    await fakeCaller().refuses('GetVolumeGroupSnapshot', { groupSnapshotId }, 5, wanted)
  }
})
