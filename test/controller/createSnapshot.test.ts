import { expect, test } from 'vitest'
import { fakeCaller, gib } from '../fakes/csi-controller.ts'

test('a snapshot names its source, size and time, and is ready', async () => {
  const caller = fakeCaller()
  const sourceVolumeId = await caller.volume('a')
  const parameters = { 'csi.storage.k8s.io/volumesnapshot/name': 's' }
  const { snapshot } = await caller.call('CreateSnapshot', { name: 's', sourceVolumeId, parameters })
  expect(snapshot).toMatchObject({
    sourceVolumeId,
    sizeBytes: gib(1n),
    readyToUse: true,
    groupSnapshotId: '',
  })
  expect(snapshot!.snapshotId).toMatch(/^snap-[0-9a-f-]{36}\.[0-9a-f-]{36}$/)
  const { seconds, nanos } = snapshot!.creationTime!
  const [point] = (await caller.groups.listRecoveryPoints()).items
  expect(Number(seconds) * 1000 + nanos / 1e6).toBe(point!.createdAt.getTime())
})

test('the same name and source give the same snapshot', async () => {
  const caller = fakeCaller()
  const id = await caller.volume('a')
  expect(await caller.snapshot('s', id)).toBe(await caller.snapshot('s', id))
  expect(await caller.snapshot('t', id)).not.toBe(await caller.snapshot('s', id))
})

test('a name that exists for another source is refused', async () => {
  const caller = fakeCaller()
  await caller.snapshot('s', await caller.volume('a'))
  const request = { name: 's', sourceVolumeId: await caller.volume('b') }
  await caller.refuses('CreateSnapshot', request, 6, /^NAME_TAKEN: /)
})

test('what is missing or unknown is told at once, before the source is looked up', async () => {
  const caller = fakeCaller()
  const wanted = /parameters\.tier is not known.*name is missing; source_volume_id is missing/
  await caller.refuses('CreateSnapshot', { parameters: { tier: 'x' } }, 3, wanted)
  await caller.refuses('CreateSnapshot', { sourceVolumeId: 'testId' }, 3, /name is missing/)
})

test('a source that does not exist is not found', async () => {
  await fakeCaller().refuses('CreateSnapshot', { name: 's', sourceVolumeId: 'x' }, 5, /^DISK_NOT_FOUND: /)
})
