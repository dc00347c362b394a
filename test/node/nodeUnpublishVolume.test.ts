import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { bringUp, requestsFor, World } from './support.ts'

test.each([
  ['no volume id', { volumeId: '' }],
  ['no target path', { targetPath: '' }],
  ['a relative target path', { targetPath: 'some/path' }],
])('%s is INVALID_ARGUMENT', async (_, fields) => {
  const world = await World.create()
  const request = { ...requestsFor(world, await world.disk()).unpublish, ...fields }
  await expect(world.call('nodeUnpublishVolume', request)).rejects.toMatchObject({ kind: 'invalid_request' })
})

test.each(['none-exist-id', diskIds.create()])('a volume that is not here (%s) is OK', async (volumeId) => {
  const world = await World.create()
  await world.call('nodeUnpublishVolume', { volumeId, targetPath: world.target() })
})

test('the target is gone afterwards, and asking again is OK', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk)
  const { unpublish } = requestsFor(world, disk)
  await world.call('nodeUnpublishVolume', unpublish)
  expect(existsSync(world.target())).toBe(false)
  expect((await world.parts.records.read(disk.id))?.targets).toEqual([])
  await world.call('nodeUnpublishVolume', unpublish)
})

test('a target without a mount, as after a reboot, is removed', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await mkdir(world.target())
  await world.call('nodeUnpublishVolume', requestsFor(world, disk).unpublish)
  expect(existsSync(world.target())).toBe(false)
})

test('a target with a slash at the end is the same target', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk)
  await world.call('nodeUnpublishVolume', { volumeId: disk.id, targetPath: `${world.target()}/` })
  expect(world.machine.mounts.has(world.target())).toBe(false)
})
