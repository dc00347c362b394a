import { beforeEach, expect, test } from 'vitest'
import { blockOf, type FakeCaller, fakeCaller, mountOf } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let volumeId: string

beforeEach(async () => {
  caller = fakeCaller()
  volumeId = await caller.volume('a', { parameters: { fsType: 'xfs' } })
})

test('what is confirmed is exactly what was asked', async () => {
  const asked = {
    volumeCapabilities: [mountOf('xfs'), blockOf('MULTI_NODE_MULTI_WRITER')],
    volumeContext: { fsType: 'xfs', 'storage.kubernetes.io/csiProvisionerIdentity': 'p' },
    parameters: { fsType: 'xfs', 'csi.storage.k8s.io/pvc/name': 'c' },
  }
  const { confirmed, message } = await caller.call('ValidateVolumeCapabilities', { volumeId, ...asked })
  expect(confirmed).toMatchObject({ ...asked, mutableParameters: {} })
  expect(message).toBe('')
})

test.each<[string, object, RegExp]>([
  [
    'a mode for block only',
    { volumeCapabilities: [mountOf('', 'MULTI_NODE_MULTI_WRITER')] },
    /block volumes only/,
  ],
  ['an unknown file system', { volumeCapabilities: [mountOf('zfs')] }, /zfs/],
  ['another file system', { volumeCapabilities: [mountOf('ext4')] }, /has the file system xfs, not ext4/],
  ['one of two capabilities', { volumeCapabilities: [blockOf(), mountOf('zfs')] }, /zfs/],
  [
    'a mount group',
    { volumeCapabilities: [{ mount: { volumeMountGroup: '7' }, accessMode: { mode: 1 } }] },
    /volume_mount_group/,
  ],
  ['an unknown parameter', { parameters: { pool: 'x' } }, /parameters\.pool is not known/],
  [
    'an unknown mutable parameter',
    { mutableParameters: { color: 'x' } },
    /mutable_parameters\.color is not known/,
  ],
])('%s is not confirmed, which is no error', async (_what, fields, message) => {
  const request = { volumeId, volumeCapabilities: [blockOf()], ...fields }
  const response = await caller.call('ValidateVolumeCapabilities', request)
  expect(response).toEqual({ confirmed: null, message: expect.stringMatching(message) })
})

test.each<[string, object, RegExp]>([
  ['no volume id', { volumeCapabilities: [blockOf()] }, /volume_id is missing/],
  ['no capabilities', { volumeId: 'fake-vol-id' }, /volume_capabilities is missing/],
  [
    'an incomplete capability',
    { volumeId: 'a', volumeCapabilities: [{ block: {} }] },
    /\[0\] has no access mode/,
  ],
])('%s is an invalid argument', async (_what, fields, message) => {
  await caller.refuses('ValidateVolumeCapabilities', fields, 3, message)
})

test('a volume that does not exist is not found', async () => {
  const request = { volumeId: 'fake-vol-id', volumeCapabilities: [mountOf('zfs')] }
  await caller.refuses('ValidateVolumeCapabilities', request, 5, /^DISK_NOT_FOUND: /)
})
