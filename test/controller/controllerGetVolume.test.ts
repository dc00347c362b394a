import { expect, test } from 'vitest'
import { fakeCaller } from '../fakes/csi-controller.ts'

test('a volume is shown as it is listed', async () => {
  const caller = fakeCaller()
  const volumeId = await caller.volume('a')
  const { entries } = await caller.call('ListVolumes')
  expect(await caller.call('ControllerGetVolume', { volumeId })).toEqual(entries[0])
})

test('no volume id is an invalid argument', async () => {
  await fakeCaller().refuses('ControllerGetVolume', {}, 3, /volume_id is missing/)
})

test('a volume that does not exist is not found', async () => {
  await fakeCaller().refuses('ControllerGetVolume', { volumeId: 'fake-vol-id' }, 5, /^DISK_NOT_FOUND: /)
})
