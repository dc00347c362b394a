import { beforeEach, expect, test } from 'vitest'
import { type FakeCaller, fakeCaller, gib } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let a: string
let b: string

beforeEach(async () => {
  caller = fakeCaller()
  a = await caller.volume('a', { parameters: { volumeGroup: 'g' } })
  b = await caller.volume('b', { parameters: { volumeGroup: 'g' } })
})

test('every volume has its snapshot, at one instant, under one id', async () => {
  const parameters = { 'csi.storage.k8s.io/volumegroupsnapshot/name': 'g' }
  const fields = { name: 's', sourceVolumeIds: [b, a], parameters }
  const { groupSnapshot } = await caller.call('CreateVolumeGroupSnapshot', fields)
  const { groupSnapshotId, snapshots, creationTime, readyToUse } = groupSnapshot!
  expect(readyToUse).toBe(true)
  expect(snapshots.map(({ sourceVolumeId }) => sourceVolumeId).sort()).toEqual([a, b].sort())
  for (const snapshot of snapshots) {
    expect(snapshot).toMatchObject({ groupSnapshotId, creationTime, readyToUse: true, sizeBytes: gib(1n) })
  }
})

test('the same name and volumes, in any order, give the same group snapshot', async () => {
  const first = await caller.call('CreateVolumeGroupSnapshot', { name: 's', sourceVolumeIds: [a, b] })
  const again = await caller.call('CreateVolumeGroupSnapshot', { name: 's', sourceVolumeIds: [b, a] })
  expect(again).toEqual(first)
})

test('a name that exists with other volumes is refused', async () => {
  await caller.call('CreateVolumeGroupSnapshot', { name: 's', sourceVolumeIds: [a, b] })
  const request = { name: 's', sourceVolumeIds: [a] }
  await caller.refuses('CreateVolumeGroupSnapshot', request, 6, /^NAME_TAKEN: /)
})

test('volumes of different volume groups can not be taken at one instant', async () => {
  const request = { name: 's', sourceVolumeIds: [a, await caller.volume('c')] }
  await caller.refuses('CreateVolumeGroupSnapshot', request, 9, /^DISKS_NOT_TOGETHER: /)
})

test('what is missing or unknown is told at once', async () => {
  const request = { parameters: { tier: 'x' } }
  const wanted = /parameters\.tier is not known.*source_volume_ids is missing.*name is missing/
  await caller.refuses('CreateVolumeGroupSnapshot', request, 3, wanted)
})

test('a volume named twice is an invalid argument', async () => {
  const request = { name: 's', sourceVolumeIds: [a, a] }
  await caller.refuses('CreateVolumeGroupSnapshot', request, 3, /names a volume twice/)
})

test('a volume that does not exist is not found', async () => {
  const request = { name: 's', sourceVolumeIds: [a, 'x'] }
  await caller.refuses('CreateVolumeGroupSnapshot', request, 5, /^DISK_NOT_FOUND: .*x/)
})

test('a member can be restored', async () => {
  const fields = { name: 's', sourceVolumeIds: [a, b] }
  const { groupSnapshot } = await caller.call('CreateVolumeGroupSnapshot', fields)
  const { snapshotId } = groupSnapshot!.snapshots[0]!
  await caller.volume('restored', { volumeContentSource: { snapshot: { snapshotId } } })
})
