import { describe, expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp, MIB, MOUNT, NODE, requestsFor, takeDown, World, withMode } from './support.ts'

async function grown(capability: object = MOUNT) {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk, capability)
  await world.groups.growDisk(disk.id, { requiredBytes: 1024n * MIB, limitBytes: undefined })
  const used = () => world.initiator.media.get(disk.id)?.usedBytes
  return { world, disk, used, request: requestsFor(world, disk, capability).expand }
}

describe('what the request must hold', () => {
  test.each([
    ['no volume id', { volumeId: '' }, 'invalid_request'],
    ['no volume path', { volumePath: '' }, 'invalid_request'],
    ['a relative path', { volumePath: 'some/path' }, 'not_found'],
    ['a path at which it is not', { volumePath: '/somewhere/else' }, 'not_found'],
    ['a volume that does not exist', { volumeId: diskIds.create() }, 'not_found'],
    ['a foreign volume id', { volumeId: 'none-exist-id', volumePath: 'some/path' }, 'not_found'],
    ['more than the disk has', { capacityRange: { requiredBytes: String(2048n * MIB) } }, 'out_of_range'],
    ['less than the disk has', { capacityRange: { limitBytes: String(600n * MIB) } }, 'out_of_range'],
    ['a negative size', { capacityRange: { requiredBytes: '-1' } }, 'invalid_request'],
  ])('%s', async (_, fields, kind) => {
    const { world, request, used } = await grown()
    await expect(world.call('nodeExpandVolume', { ...request, ...fields })).rejects.toMatchObject({ kind })
    expect(used()).toBe(512n * MIB)
  })
})

test.each(['target', 'staging'] as const)('the file system grows, asked for by its %s', async (which) => {
  const { world, request, used } = await grown()
  const volumePath = which === 'target' ? world.target() : world.staging
  const capacityRange = { requiredBytes: String(1024n * MIB) }
  const { capacityBytes } = await world.call('nodeExpandVolume', { ...request, volumePath, capacityRange })
  expect(capacityBytes).toBe(String(1024n * MIB))
  expect(used()).toBe(1024n * MIB)
})

test('what is as large already is OK, also where the kernel would refuse', async () => {
  const { world, request } = await grown()
  await world.call('nodeExpandVolume', request)
  world.machine.refusesGrowth = true
  await world.call('nodeExpandVolume', { ...request, capacityRange: null })
})

test('a block volume only takes over the size', async () => {
  const { world, disk, request } = await grown(BLOCK)
  const { capacityBytes } = await world.call('nodeExpandVolume', request)
  expect(capacityBytes).toBe(String(1024n * MIB))
  expect((await world.initiator.find(disk.id))?.sizeBytes).toBe(1024n * MIB)
})

test('what the kernel refuses is said exactly, and the next stage grows it', async () => {
  const { world, disk, request, used } = await grown()
  world.machine.refusesGrowth = true
  await expect(world.call('nodeExpandVolume', request)).rejects.toMatchObject({
    reason: 'FILESYSTEM_GROW_REFUSED',
    kind: 'precondition_failed',
  })
  expect(used()).toBe(512n * MIB)
  await takeDown(world, disk)
  await bringUp(world, disk)
  expect(used()).toBe(1024n * MIB)
})

test('a file system that is mounted read-only is not grown', async () => {
  const { world, disk, used } = await grown()
  await takeDown(world, disk)
  await world.groups.revoke(disk.id, NODE)
  await world.groups.grant({ diskId: disk.id, initiatorId: NODE, readOnly: true, shared: false })
  const capability = withMode(MOUNT, 'SINGLE_NODE_READER_ONLY')
  await bringUp(world, disk, capability)
  await expect(
    world.call('nodeExpandVolume', requestsFor(world, disk, capability).expand),
  ).rejects.toMatchObject({
    reason: 'FILESYSTEM_GROW_REFUSED',
  })
  expect(used()).toBe(512n * MIB)
})
