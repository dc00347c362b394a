import { expect, test } from 'vitest'
import { StorageError } from '../../src/volumegroups/index.ts'
import { bringUp, MOUNT, World } from './support.ts'

/** The node with two volumes, each at a staging path of its own. */
async function withTwo() {
  const world = await World.create()
  const first = await world.disk({ name: 'a' })
  await bringUp(world, first)
  const second = await world.disk({ name: 'b' })
  const stagingTargetPath = world.target('staging-b')
  await world.call('nodeStageVolume', { volumeId: second.id, stagingTargetPath, volumeCapability: MOUNT })
  return { world, first, second }
}

const healthOf = async (world: World) => {
  const { backendHealth } = await world.call(
    'nodeGetStorageHealth',
    {},
    { ...world.parts, volumeHealth: true },
  )
  return backendHealth
}

const entry = (status: string, reason: string, message: RegExp) => ({
  status,
  reason,
  message: expect.stringMatching(message),
  volumeCapability: null,
})

test('a node that reaches everything has nothing to tell', async () => {
  expect(await healthOf(await World.create())).toEqual([])
  expect(await healthOf((await withTwo()).world)).toEqual([])
})

test('some lost sessions degrade the storage; with all of them it is unreachable, and still degraded', async () => {
  const { world, first, second } = await withTwo()
  const degraded = (count: number) =>
    entry('STORAGE_DEGRADED', 'SessionsLost', new RegExp(`^${count} of 2 .*no route`))
  world.initiator.lost.set(first.id, { state: 'reconnecting', detail: 'no route' })
  expect(await healthOf(world)).toEqual([degraded(1)])
  world.initiator.lost.set(second.id, { state: 'reconnecting', detail: 'no route' })
  expect(await healthOf(world)).toEqual([
    degraded(2),
    entry('STORAGE_UNREACHABLE', 'TargetUnreachable', /^2 of 2/),
  ])
})

test('a disk that failed for good is its own trouble, not that of the storage', async () => {
  const { world, first } = await withTwo()
  world.initiator.lost.set(first.id, { state: 'failed', detail: 'abandoned' })
  expect(await healthOf(world)).toEqual([])
})

test('an element that does not answer degrades the storage: staged volumes go on', async () => {
  const { world } = await withTwo()
  world.groups.status = async () => {
    throw new StorageError('ENDPOINT_UNAVAILABLE', 'nobody answers')
  }
  expect(await healthOf(world)).toEqual([entry('STORAGE_DEGRADED', 'ElementUnreachable', /nobody answers/)])
})
