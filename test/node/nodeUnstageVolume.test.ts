import { expect, test } from 'vitest'
import { diskIds, StorageError } from '../../src/volumegroups/index.ts'
import { bringUp, requestsFor, takeDown, World } from './support.ts'

test.each([
  ['no volume id', { volumeId: '' }],
  ['no staging path', { stagingTargetPath: '' }],
  ['a relative staging path', { stagingTargetPath: 'some/path' }],
])('%s is INVALID_ARGUMENT', async (_, fields) => {
  const world = await World.create()
  const request = { ...requestsFor(world, await world.disk()).unstage, ...fields }
  await expect(world.call('nodeUnstageVolume', request)).rejects.toMatchObject({ kind: 'invalid_request' })
})

test.each(['none-exist-id', diskIds.create()])('a volume that is not here (%s) is OK', async (volumeId) => {
  for (const attach of ['controller', 'node'] as const) {
    const world = await World.create(attach)
    await world.call('nodeUnstageVolume', { volumeId, stagingTargetPath: world.staging })
  }
})

test('a volume that is still published is refused with the target, and stays', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk)
  const { unstage } = requestsFor(world, disk)
  await expect(world.call('nodeUnstageVolume', unstage)).rejects.toMatchObject({
    reason: 'MOUNT_BUSY',
    message: expect.stringContaining(world.target()),
  })
  expect(world.machine.mounts.size).toBe(2)
  await takeDown(world, disk)
  expect(await world.leftovers()).toEqual([])
})

test('another path than that at which it is staged is NOT_FOUND, and the volume stays', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await world.call('nodeStageVolume', requestsFor(world, disk).stage)
  const request = { volumeId: disk.id, stagingTargetPath: '/somewhere/else' }
  await expect(world.call('nodeUnstageVolume', request)).rejects.toMatchObject({
    reason: 'VOLUME_NOT_AT_PATH',
  })
  expect(world.machine.mounts.size).toBe(1)
})

test('a mount whose device is gone is taken away', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk)
  world.initiator.forget()
  await takeDown(world, disk)
  expect(await world.leftovers()).toEqual([])
})

test('what fails on the way is finished by the next call', async () => {
  const world = await World.create('node')
  const disk = await world.disk()
  const { stage, unstage } = requestsFor(world, disk)
  await world.call('nodeStageVolume', stage)
  const { detach } = world.initiator
  world.initiator.detach = async () => {
    throw new StorageError('INITIATOR_UNAVAILABLE', 'the portal does not answer')
  }
  await expect(world.call('nodeUnstageVolume', unstage)).rejects.toMatchObject({
    reason: 'INITIATOR_UNAVAILABLE',
  })
  expect(await world.parts.records.list()).toEqual([disk.id])
  world.initiator.detach = detach
  await world.call('nodeUnstageVolume', unstage)
  expect(await world.leftovers()).toEqual([])
})

test('a disk that was deleted meanwhile is no obstacle', async () => {
  const world = await World.create('node')
  const disk = await world.disk()
  await world.call('nodeStageVolume', requestsFor(world, disk).stage)
  world.groups.revoke = async () => {
    throw new StorageError('DISK_NOT_FOUND', `no disk has the id ${disk.id}`)
  }
  await world.call('nodeUnstageVolume', requestsFor(world, disk).unstage)
  expect(await world.parts.records.list()).toEqual([])
})

test('with the state directory lost it still finds what there is to take away', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk)
  await world.parts.records.remove(disk.id)
  await takeDown(world, disk)
  expect(await world.leftovers()).toEqual([])
})
