import { expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { blockOf, fakeCaller } from '../fakes/csi-controller.ts'

test('a deleted volume is gone, and deleting it again is no error', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('a')
  await caller.call('DeleteVolume', { volumeId })
  await caller.refuses('ControllerGetVolume', { volumeId }, 5)
  expect(await caller.call('DeleteVolume', { volumeId })).toEqual({})
})

test.each(['fake-vol-id', diskIds.create()])('a volume %s that never was is no error', async (volumeId) => {
  expect(await fakeCaller().call('DeleteVolume', { volumeId })).toEqual({})
})

test('no volume id is an invalid argument', async () => {
  await fakeCaller().refuses('DeleteVolume', {}, 3, /volume_id is missing/)
})

test('a published volume stays as it is', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('a')
  await caller.register('node-a')
  const published = { volumeId, nodeId: 'node-a', volumeCapability: blockOf() }
  await caller.call('ControllerPublishVolume', published)
  await caller.refuses('DeleteVolume', { volumeId }, 9, /^DISK_ATTACHED: .*node-a/)
  await caller.call('ControllerGetVolume', { volumeId })
})

test('the snapshots of a deleted volume stay listed', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('a')
  const snapshotId = await caller.snapshot('s', volumeId)
  await caller.call('DeleteVolume', { volumeId })
  const { entries } = await caller.call('ListSnapshots', { sourceVolumeId: volumeId })
  expect(entries.map(({ snapshot }) => snapshot!.snapshotId)).toEqual([snapshotId])
})
