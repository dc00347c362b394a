import { expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { blockOf, fakeCaller, volumeRequest } from '../fakes/csi-controller.ts'

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

test('a volume whose class gives it a grace time can be had again, and its name is free for a new one', async () => {
  const caller = fakeCaller()
  const { groups } = caller
  const volumeId = await caller.volume('a', { parameters: { deleteGrace: '24h' } })
  await caller.call('DeleteVolume', { volumeId })
  await caller.refuses('ControllerGetVolume', { volumeId }, 5)
  expect(await caller.call('DeleteVolume', { volumeId })).toEqual({})
  const [deleted] = (await groups.listDeleted({ kind: 'disk' })).items
  expect(deleted).toMatchObject({ id: volumeId, reason: 'csi' })
  expect(deleted!.restorableUntil.getTime() - deleted!.deletedAt.getTime()).toBe(24 * 3_600_000)
  expect(await caller.volume('a', { parameters: { deleteGrace: '24h' } })).not.toBe(volumeId)
})

test('a grace time that is none is refused', async () => {
  const caller = fakeCaller()
  for (const deleteGrace of ['soon', '24', '1000d']) {
    await caller.refuses(
      'CreateVolume',
      volumeRequest('a', { parameters: { deleteGrace } }),
      3,
      /deleteGrace/,
    )
  }
})
