import { expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { FakeCaller } from '../fakes/csi-controller.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { faultedOn } from '../fakes/faulted-operations.ts'

const callerOn = (groups: FakeVolumeGroups) => new FakeCaller(groups, 'controller', true)

test('a volume is well while nothing is known to be wrong with it', async () => {
  const caller = callerOn(new FakeVolumeGroups())
  const volumeId = await caller.volume('a')
  const { volumeHealth } = await caller.call('ControllerGetVolumeHealth', { volumeId })
  expect(volumeHealth).toEqual({ volumeId, healthStatuses: [] })
})

test('all operations that faulted on the volume are one entry; those on others are none', async () => {
  const groups = new FakeVolumeGroups()
  const caller = callerOn(groups)
  const volumeId = await caller.volume('a')
  const others = [await caller.volume('b')]
  faultedOn(groups, [[volumeId], others, [volumeId, ...others]])
  const { volumeHealth } = await caller.call('ControllerGetVolumeHealth', { volumeId })
  const message = 'growDisk op-0 faulted at step grow: NO_SPACE; growDisk op-2 faulted at step grow: NO_SPACE'
  const healthStatuses = [{ status: 'DEGRADED', reason: 'OperationFaulted', message }]
  expect(volumeHealth).toEqual({ volumeId, healthStatuses })
})

test.each([
  ['no volume id', '', 3, /volume_id is missing/],
  ['a foreign volume id', 'fake-vol-id', 5, /^DISK_NOT_FOUND: /],
  ['a volume that does not exist', diskIds.create(), 5, /^DISK_NOT_FOUND: /],
])('%s is refused', async (_, volumeId, code, message) => {
  await callerOn(new FakeVolumeGroups()).refuses('ControllerGetVolumeHealth', { volumeId }, code, message)
})
