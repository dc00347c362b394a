import { expect, test } from 'vitest'
import { diskIds } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp, takeDown, World } from './support.ts'

async function published(capability?: object) {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk, capability)
  return { world, disk }
}

test.each([
  ['no volume id', { volumeId: '' }, 'invalid_request'],
  ['no volume path', { volumePath: '' }, 'invalid_request'],
  ['a relative path', { volumePath: 'some/path' }, 'not_found'],
  ['a path at which it is not', { volumePath: '/somewhere/else' }, 'not_found'],
  ['a volume that does not exist', { volumeId: diskIds.create() }, 'not_found'],
  ['a foreign volume id', { volumeId: 'none-exist-id', volumePath: 'some/path' }, 'not_found'],
])('%s', async (_, fields, kind) => {
  const { world, disk } = await published()
  const request = { volumeId: disk.id, volumePath: world.target(), ...fields }
  await expect(world.call('nodeGetVolumeStats', request)).rejects.toMatchObject({ kind })
})

test('a file system tells its bytes and inodes, at either path', async () => {
  const { world, disk } = await published()
  for (const volumePath of [world.target(), world.staging]) {
    const { usage } = await world.call('nodeGetVolumeStats', { volumeId: disk.id, volumePath })
    expect(usage.map(({ unit }) => unit)).toEqual(['BYTES', 'INODES'])
    expect(usage[0]?.total).toBe(String(disk.sizeBytes))
  }
})

test('a block volume tells its size, at either path', async () => {
  const { world, disk } = await published(BLOCK)
  for (const volumePath of [world.target(), world.staging]) {
    const { usage } = await world.call('nodeGetVolumeStats', { volumeId: disk.id, volumePath })
    expect(usage).toMatchObject([{ unit: 'BYTES', total: String(disk.sizeBytes) }])
  }
})

test('a volume that was taken down is NOT_FOUND', async () => {
  const { world, disk } = await published()
  await takeDown(world, disk)
  const request = { volumeId: disk.id, volumePath: world.target() }
  await expect(world.call('nodeGetVolumeStats', request)).rejects.toMatchObject({ kind: 'not_found' })
})

test('a path from which the mount is gone is NOT_FOUND', async () => {
  const { world, disk } = await published()
  world.machine.mounts.delete(world.target())
  const request = { volumeId: disk.id, volumePath: world.target() }
  await expect(world.call('nodeGetVolumeStats', request)).rejects.toMatchObject({
    reason: 'VOLUME_NOT_AT_PATH',
  })
})
