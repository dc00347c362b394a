import { expect, test } from 'vitest'
import { snapshotIdOf } from '../../src/csi/snapshot-id.ts'
import { diskIds, recoveryPointIds } from '../../src/volumegroups/index.ts'
import { fakeCaller } from '../fakes/csi-controller.ts'

test('a snapshot is shown as it was made', async () => {
  const caller = fakeCaller()
  const fields = { name: 's', sourceVolumeId: await caller.volume('a') }
  const made = await caller.call('CreateSnapshot', fields)
  expect(await caller.call('GetSnapshot', { snapshotId: made.snapshot!.snapshotId })).toEqual(made)
})

test('no snapshot id is an invalid argument', async () => {
  await fakeCaller().refuses('GetSnapshot', {}, 3, /snapshot_id is missing/)
})

test.each([
  'none-exist-id',
  snapshotIdOf({ recoveryPointId: recoveryPointIds.create(), diskId: diskIds.create() }),
])('a snapshot %s that does not exist is not found', async (snapshotId) => {
  await fakeCaller().refuses('GetSnapshot', { snapshotId }, 5, /^RECOVERY_POINT_NOT_FOUND: /)
})
