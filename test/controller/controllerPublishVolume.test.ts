import { beforeEach, expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { blockOf, type FakeCaller, fakeCaller, mountOf } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let volumeId: string

beforeEach(async () => {
  caller = fakeCaller()
  volumeId = await caller.volume('a')
  await caller.register('node-a')
  await caller.register('node-b')
})

const publish = (nodeId: string, volumeCapability = mountOf(), more = {}) => ({
  volumeId,
  nodeId,
  volumeCapability,
  ...more,
})

const attachments = async () => (await caller.groups.listAttachments()).items

test('the node is granted the disk, and the context names only the attachment', async () => {
  const { publishContext } = await caller.call('ControllerPublishVolume', publish('node-a'))
  const [attachment] = await attachments()
  expect(attachment).toMatchObject({ initiatorId: 'node-a', readOnly: false, shared: false })
  expect(publishContext).toEqual({ targetName: attachment!.targetName, lun: '1' })
})

test('the context holds no portal and no credentials', async () => {
  const { publishContext } = await caller.call('ControllerPublishVolume', publish('node-a'))
  const { portals, chap } = await caller.groups.connection(volumeId as never, 'node-a' as never)
  for (const secret of [portals[0]!.address, chap!.secret, chap!.user]) {
    expect(JSON.stringify(publishContext)).not.toContain(secret)
  }
})

test('publishing again gives the same context', async () => {
  const first = await caller.call('ControllerPublishVolume', publish('node-a'))
  expect(await caller.call('ControllerPublishVolume', publish('node-a'))).toEqual(first)
  const compatible = publish('node-a', mountOf('', 'SINGLE_NODE_SINGLE_WRITER'))
  expect(await caller.call('ControllerPublishVolume', compatible)).toEqual(first)
})

test.each<[string, object, object]>([
  ['readonly', mountOf(), { readonly: true }],
  ['a reader-only mode', mountOf('', 'SINGLE_NODE_READER_ONLY'), {}],
  ['a shared mode', blockOf('MULTI_NODE_MULTI_WRITER'), {}],
])('publishing again with %s already exists', async (_what, capability, more) => {
  await caller.call('ControllerPublishVolume', publish('node-a'))
  const again = publish('node-a', capability, more)
  await caller.refuses('ControllerPublishVolume', again, 6, /^ATTACHED_DIFFERENTLY: /)
})

test.each([
  ['SINGLE_NODE_WRITER', false, false],
  ['SINGLE_NODE_SINGLE_WRITER', false, false],
  ['SINGLE_NODE_MULTI_WRITER', false, false],
  ['SINGLE_NODE_READER_ONLY', true, false],
  ['MULTI_NODE_READER_ONLY', true, true],
  ['MULTI_NODE_SINGLE_WRITER', false, true],
  ['MULTI_NODE_MULTI_WRITER', false, true],
])('%s grants readOnly=%s, shared=%s', async (mode, readOnly, shared) => {
  await caller.call('ControllerPublishVolume', publish('node-a', blockOf(mode)))
  expect(await attachments()).toMatchObject([{ readOnly, shared }])
})

test('a shared volume is published to several nodes', async () => {
  await caller.call('ControllerPublishVolume', publish('node-a', blockOf('MULTI_NODE_MULTI_WRITER')))
  await caller.call('ControllerPublishVolume', publish('node-b', blockOf('MULTI_NODE_MULTI_WRITER')))
  expect(await attachments()).toHaveLength(2)
})

test('a volume in use at another node is refused, and the error names that node', async () => {
  await caller.call('ControllerPublishVolume', publish('node-a'))
  await caller.refuses('ControllerPublishVolume', publish('node-b'), 9, /^DISK_ATTACHED: .*node-a/)
})

test('more volumes than the node can hold are resource exhausted', async () => {
  await caller.register('small', 1)
  const other = await caller.volume('b')
  await caller.call('ControllerPublishVolume', publish('small'))
  const request = { ...publish('small'), volumeId: other }
  await caller.refuses('ControllerPublishVolume', request, 8, /^ATTACHMENT_LIMIT_REACHED: /)
})

test('what is missing is told at once, before anything is looked up', async () => {
  const wanted = /volume_id is missing; node_id is missing; volume_capability is missing/
  await caller.refuses('ControllerPublishVolume', {}, 3, wanted)
  const fake = { volumeId: 'fake-vol-id', nodeId: 'fake-node-id' }
  await caller.refuses('ControllerPublishVolume', fake, 3, /volume_capability is missing/)
})

test('a capability that is not supported is an invalid argument', async () => {
  const request = publish('node-a', mountOf('', 'MULTI_NODE_MULTI_WRITER'))
  await caller.refuses('ControllerPublishVolume', request, 3, /^UNSUPPORTED_CAPABILITY: /)
})

test.each(['none-exist-id', diskIds.create()])('a volume %s that does not exist is not found', async (id) => {
  const request = { ...publish('node-a'), volumeId: id }
  await caller.refuses('ControllerPublishVolume', request, 5, /^DISK_NOT_FOUND: /)
})

test('a node that does not exist is not found', async () => {
  await caller.refuses('ControllerPublishVolume', publish('nobody'), 5, /^INITIATOR_NOT_FOUND: .*nobody/)
})
