import { beforeEach, expect, test } from 'vitest'
import { blockOf, type FakeCaller, fakeCaller, gib, mountOf, volumeRequest } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let volumeId: string

beforeEach(async () => {
  caller = fakeCaller()
  volumeId = await caller.volume('a')
})

const to = (requiredBytes: string, more: object = {}) => ({
  volumeId,
  capacityRange: { requiredBytes },
  ...more,
})

test('the volume has exactly the size asked for', async () => {
  const response = await caller.call('ControllerExpandVolume', to(gib(2n)))
  expect(response).toEqual({ capacityBytes: gib(2n), nodeExpansionRequired: true })
  const { volume } = await caller.call('ControllerGetVolume', { volumeId })
  expect(volume!.capacityBytes).toBe(gib(2n))
})

test('a volume that is large enough already stays as it is', async () => {
  const response = await caller.call('ControllerExpandVolume', to('5'))
  expect(response.capacityBytes).toBe(gib(1n))
})

test('a published volume grows', async () => {
  await caller.register('node-a')
  await caller.call('ControllerPublishVolume', { volumeId, nodeId: 'node-a', volumeCapability: blockOf() })
  expect(await caller.call('ControllerExpandVolume', to(gib(2n)))).toMatchObject({ capacityBytes: gib(2n) })
})

test('the node has a file system to grow, and none on a block volume', async () => {
  const mount = await caller.call('ControllerExpandVolume', to(gib(2n), { volumeCapability: mountOf() }))
  expect(mount.nodeExpansionRequired).toBe(true)
  const block = await caller.call('ControllerExpandVolume', to(gib(2n), { volumeCapability: blockOf() }))
  expect(block.nodeExpansionRequired).toBe(false)
})

test('the node has the encryption of a block volume to grow', async () => {
  const parameters = { encryption: 'luks' }
  const { volume } = await caller.call('CreateVolume', volumeRequest('encrypted', { parameters }))
  const request = { ...to(gib(2n), { volumeCapability: blockOf() }), volumeId: volume!.volumeId }
  expect(await caller.call('ControllerExpandVolume', request)).toMatchObject({ nodeExpansionRequired: true })
})

test('what is missing is told at once', async () => {
  const wanted = /volume_id is missing; capacity_range is missing/
  await caller.refuses('ControllerExpandVolume', {}, 3, wanted)
  await caller.refuses(
    'ControllerExpandVolume',
    { volumeId, capacityRange: {} },
    3,
    /capacity_range is missing/,
  )
})

test('a capability that is not supported is an invalid argument', async () => {
  const request = to(gib(2n), { volumeCapability: mountOf('zfs') })
  await caller.refuses('ControllerExpandVolume', request, 3, /^UNSUPPORTED_CAPABILITY: /)
})

test('a volume that does not exist is not found', async () => {
  await caller.refuses('ControllerExpandVolume', { ...to(gib(2n)), volumeId: 'x' }, 5, /^DISK_NOT_FOUND: /)
})

test('a size that can not be had is out of range', async () => {
  await caller.refuses('ControllerExpandVolume', to((2n ** 60n).toString()), 11, /^SIZE_OUT_OF_RANGE: /)
  const smaller = { volumeId, capacityRange: { limitBytes: (1024n * 1024n).toString() } }
  await caller.refuses('ControllerExpandVolume', smaller, 11, /^SIZE_OUT_OF_RANGE: /)
})
