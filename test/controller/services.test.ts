import { expect, test } from 'vitest'
import { FakeCaller, fakeCaller } from '../fakes/csi-controller.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'

const controllerCapabilities = async (caller: FakeCaller) => {
  const { capabilities } = await caller.call('ControllerGetCapabilities')
  return capabilities.map(({ rpc }) => rpc!.type).sort()
}

const ALWAYS = [
  'CLONE_VOLUME',
  'CREATE_DELETE_SNAPSHOT',
  'CREATE_DELETE_VOLUME',
  'EXPAND_VOLUME',
  'GET_CAPACITY',
  'GET_SNAPSHOT',
  'GET_VOLUME',
  'LIST_SNAPSHOTS',
  'LIST_VOLUMES',
  'MODIFY_VOLUME',
  'SINGLE_NODE_MULTI_WRITER',
]

test('a controller that attaches says so, and does', async () => {
  const caller = fakeCaller()
  const attaching = ['LIST_VOLUMES_PUBLISHED_NODES', 'PUBLISH_READONLY', 'PUBLISH_UNPUBLISH_VOLUME']
  expect(await controllerCapabilities(caller)).toEqual([...ALWAYS, ...attaching].sort())
  expect(caller.answers('ControllerPublishVolume')).toBe(true)
})

test('with attach on the node, the controller neither says nor does it', async () => {
  const caller = new FakeCaller(new FakeVolumeGroups(), 'node')
  expect(await controllerCapabilities(caller)).toEqual(ALWAYS)
  expect(caller.answers('ControllerPublishVolume')).toBe(false)
  expect(caller.answers('ControllerUnpublishVolume')).toBe(false)
})

test('volume health is offered, and answered, only when it is switched on', async () => {
  const caller = new FakeCaller(new FakeVolumeGroups(), 'node', true)
  const health = ['GET_VOLUME_HEALTH', 'LIST_VOLUME_HEALTH']
  expect(await controllerCapabilities(caller)).toEqual([...ALWAYS, ...health].sort())
  for (const rpc of ['ControllerGetVolumeHealth', 'ControllerListVolumeHealth'] as const) {
    expect([caller.answers(rpc), fakeCaller().answers(rpc)]).toEqual([true, false])
  }
})

test('group snapshots are offered', async () => {
  const { capabilities } = await fakeCaller().call('GroupControllerGetCapabilities')
  expect(capabilities.map(({ rpc }) => rpc!.type)).toEqual(['CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT'])
})

test('two replicas agree: what one made the other finds', async () => {
  const groups = new FakeVolumeGroups()
  const [one, two] = [new FakeCaller(groups), new FakeCaller(groups)]
  expect(await one.volume('a')).toBe(await two.volume('a'))
})
