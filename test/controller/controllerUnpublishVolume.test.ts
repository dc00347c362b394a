import { beforeEach, expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { blockOf, type FakeCaller, fakeCaller } from '../fakes/csi-controller.ts'

let caller: FakeCaller
let volumeId: string

beforeEach(async () => {
  caller = fakeCaller()
  volumeId = await caller.volume('a')
  for (const nodeId of ['node-a', 'node-b']) {
    await caller.register(nodeId)
    const volumeCapability = blockOf('MULTI_NODE_MULTI_WRITER')
    await caller.call('ControllerPublishVolume', { volumeId, nodeId, volumeCapability })
  }
})

const holders = async () => (await caller.call('ControllerGetVolume', { volumeId })).status!.publishedNodeIds

test('only the named node loses the volume, and again is no error', async () => {
  await caller.call('ControllerUnpublishVolume', { volumeId, nodeId: 'node-a' })
  expect(await holders()).toEqual(['node-b'])
  expect(await caller.call('ControllerUnpublishVolume', { volumeId, nodeId: 'node-a' })).toEqual({})
  expect(await holders()).toEqual(['node-b'])
})

test('no node means all nodes', async () => {
  await caller.call('ControllerUnpublishVolume', { volumeId })
  expect(await holders()).toEqual([])
})

test('an unknown node is no error', async () => {
  expect(await caller.call('ControllerUnpublishVolume', { volumeId, nodeId: 'nobody' })).toEqual({})
  expect(await holders()).toHaveLength(2)
})

test.each(['fake-vol-id', diskIds.create()])('a volume %s that never was is no error', async (id) => {
  expect(await caller.call('ControllerUnpublishVolume', { volumeId: id, nodeId: 'node-a' })).toEqual({})
})

test('no volume id is an invalid argument', async () => {
  await caller.refuses('ControllerUnpublishVolume', { nodeId: 'node-a' }, 3, /volume_id is missing/)
})
