import { expect, test } from 'vitest'
import { snapshotIdOf } from '../../src/csi/snapshot-id.ts'
import { type DiskId, diskIds, recoveryPointIds } from '../../src/volumegroups/index.ts'
import { fakeCaller } from '../fakes/csi-controller.ts'

const parameters = { volumeGroup: 'g' }

test('a deleted snapshot is gone, and deleting it again is no error', async () => {
  const caller = fakeCaller()
  const snapshotId = await caller.snapshot('s', await caller.volume('a'))
  await caller.call('DeleteSnapshot', { snapshotId })
  await caller.refuses('GetSnapshot', { snapshotId }, 5)
  expect(await caller.call('DeleteSnapshot', { snapshotId })).toEqual({})
})

test.each([
  'reallyfakesnapshotid',
  snapshotIdOf({ recoveryPointId: recoveryPointIds.create(), diskId: diskIds.create() }),
])('a snapshot %s that never was is no error', async (snapshotId) => {
  expect(await fakeCaller().call('DeleteSnapshot', { snapshotId })).toEqual({})
})

test('an id of another disk in a recovery point deletes nothing', async () => {
  const caller = fakeCaller()
  const snapshotId = await caller.snapshot('s', await caller.volume('a'))
  const strange = `${snapshotId.split('.')[0]}.${diskIds.create().slice('disk-'.length)}`
  await caller.call('DeleteSnapshot', { snapshotId: strange })
  await caller.call('GetSnapshot', { snapshotId })
})

test('no snapshot id is an invalid argument', async () => {
  await fakeCaller().refuses('DeleteSnapshot', {}, 3, /snapshot_id is missing/)
})

test('a member of a group snapshot goes only with its group', async () => {
  const caller = fakeCaller()
  const sourceVolumeIds = [await caller.volume('a', { parameters })]
  const { groupSnapshot } = await caller.call('CreateVolumeGroupSnapshot', { name: 'g', sourceVolumeIds })
  const { snapshotId } = groupSnapshot!.snapshots[0]!
  await caller.refuses('DeleteSnapshot', { snapshotId }, 3, /^RECOVERY_POINT_GROUPED: /)
  await caller.call('GetSnapshot', { snapshotId })
})

test('a recovery point of several disks is never deleted for one of them', async () => {
  const caller = fakeCaller()
  const ids = [await caller.volume('a', { parameters }), await caller.volume('b', { parameters })]
  const spec = { name: 'p', diskIds: ids as DiskId[], grouped: false }
  const point = await caller.groups.createRecoveryPoint(spec)
  const snapshotId = snapshotIdOf({ recoveryPointId: point.id, diskId: ids[0] as DiskId })
  await caller.refuses('DeleteSnapshot', { snapshotId }, 3, /^RECOVERY_POINT_GROUPED: /)
  expect((await caller.call('ListSnapshots')).entries).toHaveLength(2)
})
