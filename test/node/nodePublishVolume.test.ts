import { existsSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diskIds, StorageError } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp, MOUNT, requestsFor, takeDown, World, withMode } from './support.ts'

const publish = async (world: World, fields: object) => world.call('nodePublishVolume', fields)

async function staged(capability: object = MOUNT, readOnly = false) {
  const world = await World.create()
  const disk = await world.disk({ readOnly })
  if (readOnly) {
    const content = {
      kind: 'filesystem',
      fsType: 'ext4',
      uuid: '',
      growable: false,
      logDirty: false,
    } as const
    world.initiator.media.set(disk.id, { content, usedBytes: disk.sizeBytes })
  }
  const requests = requestsFor(world, disk, capability)
  await world.call('nodeStageVolume', requests.stage)
  return { world, disk, ...requests }
}

describe('what the request must hold', () => {
  test.each([
    ['no volume id', { volumeId: '' }, 'invalid_request'],
    ['no target path', { targetPath: '' }, 'invalid_request'],
    ['a relative target path', { targetPath: 'some/path' }, 'invalid_request'],
    ['no capability', { volumeCapability: null }, 'invalid_request'],
    ['no staging path', { stagingTargetPath: '' }, 'precondition_failed'],
    ['another staging path', { stagingTargetPath: '/somewhere/else' }, 'precondition_failed'],
    ['a volume that does not exist', { volumeId: diskIds.create() }, 'not_found'],
    ['a foreign volume id', { volumeId: 'none-exist-id' }, 'not_found'],
  ])('%s', async (_, fields, kind) => {
    const { world, publish: request } = await staged()
    await expect(publish(world, { ...request, ...fields })).rejects.toMatchObject({ kind })
    expect(existsSync(world.target())).toBe(false)
  })

  test('a volume that is not staged is FAILED_PRECONDITION', async () => {
    const world = await World.create()
    const { publish: request } = requestsFor(world, await world.disk())
    await expect(publish(world, request)).rejects.toMatchObject({ reason: 'VOLUME_NOT_STAGED' })
  })

  test('a staging path at which the file system is no longer mounted is never bound', async () => {
    const { world, publish: request } = await staged()
    world.machine.mounts.clear()
    await expect(publish(world, request)).rejects.toMatchObject({ reason: 'VOLUME_NOT_STAGED' })
    expect(existsSync(world.target())).toBe(false)
  })
})

describe('the target', () => {
  test('is made as a directory for a file system and as a file for a block volume, and removed again', async () => {
    for (const [capability, isDirectory] of [
      [MOUNT, true],
      [BLOCK, false],
    ] as const) {
      const { world, disk, publish: request } = await staged(capability)
      await publish(world, request)
      expect(statSync(world.target()).isDirectory()).toBe(isDirectory)
      const device = await world.initiator.find(disk.id)
      expect(world.machine.mounts.get(world.target())).toMatchObject({
        kind: isDirectory ? 'filesystem' : 'device',
        device: device?.path,
      })
      await takeDown(world, disk)
      expect(existsSync(world.target())).toBe(false)
    }
  })

  test('of a publish that failed is removed', async () => {
    const { world, disk, publish: request } = await staged()
    world.machine.bind = async () => {
      throw new StorageError('COMMAND_FAILED', 'mount failed')
    }
    await expect(publish(world, request)).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
    expect(existsSync(world.target())).toBe(false)
    expect((await world.parts.records.read(disk.id))?.targets).toEqual([])
  })

  test('at which something else is mounted is ALREADY_EXISTS, not stacked', async () => {
    const { world, publish: request } = await staged()
    const foreign = {
      kind: 'filesystem',
      device: '/dev/other',
      root: '/',
      readOnly: false,
      flags: [],
    } as const
    world.machine.mounts.set(world.target(), foreign)
    await expect(publish(world, request)).rejects.toMatchObject({ reason: 'PUBLISHED_DIFFERENTLY' })
    expect(world.machine.mounts.get(world.target())).toBe(foreign)
  })
})

/** The table of the CSI specification: one target or two, the same arguments or not. */
describe.each([
  ['SINGLE_NODE_MULTI_WRITER', MOUNT, 'OK'],
  ['SINGLE_NODE_WRITER', MOUNT, 'OK'],
  ['MULTI_NODE_MULTI_WRITER', BLOCK, 'OK'],
  ['SINGLE_NODE_SINGLE_WRITER', MOUNT, 'precondition_failed'],
] as const)('a second publish with %s', (mode, access, second) => {
  const capability = withMode(access, mode)
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => 'OK',
      (error: StorageError) => error.kind,
    )

  async function published() {
    const scene = await staged(capability)
    await publish(scene.world, scene.publish)
    return scene
  }

  test('of the same is OK ten times', async () => {
    const { world, publish: request, disk } = await published()
    for (let round = 0; round < 10; round += 1) await publish(world, request)
    expect((await world.parts.records.read(disk.id))?.targets).toHaveLength(1)
  })

  test('at the same target with other arguments is ALREADY_EXISTS', async () => {
    const { world, publish: request } = await published()
    expect(await outcome(publish(world, { ...request, readonly: true }))).toBe('already_exists')
  })

  test(`at another target is ${second}`, async () => {
    const { world, disk, publish: request, unpublish } = await published()
    const other = { ...request, targetPath: world.target('other') }
    expect(await outcome(publish(world, other))).toBe(second)
    expect(existsSync(world.target('other'))).toBe(second === 'OK')
    await world.call('nodeUnpublishVolume', unpublish)
    expect(await outcome(publish(world, other))).toBe('OK')
    await world.call('nodeUnpublishVolume', { ...unpublish, targetPath: other.targetPath })
    await takeDown(world, disk)
    expect(await world.leftovers()).toEqual([])
  })
})

test('a target from before a reboot does not keep a single writer from being published', async () => {
  const capability = withMode(MOUNT, 'SINGLE_NODE_SINGLE_WRITER')
  const { world, disk, stage, publish: request } = await staged(capability)
  await publish(world, request)
  world.machine.mounts.clear()
  world.initiator.forget()
  await world.call('nodeStageVolume', stage)
  await publish(world, { ...request, targetPath: world.target('other') })
  expect((await world.parts.records.read(disk.id))?.targets).toEqual([world.target('other')])
})

describe('read-only', () => {
  test('a file system is bound read-only beside a writable target', async () => {
    const { world, publish: request } = await staged()
    await publish(world, request)
    await publish(world, { ...request, targetPath: world.target('ro'), readonly: true })
    expect(world.machine.mounts.get(world.target())?.readOnly).toBe(false)
    expect(world.machine.mounts.get(world.target('ro'))?.readOnly).toBe(true)
  })

  test('what was granted read-only is not published for writing without a word', async () => {
    const { world, publish: request } = await staged(MOUNT, true)
    await expect(publish(world, request)).rejects.toMatchObject({ reason: 'STAGED_DIFFERENTLY' })
    await publish(world, { ...request, readonly: true })
  })

  test('a reader mode is read-only by itself', async () => {
    const { world, publish: request } = await staged(withMode(MOUNT, 'MULTI_NODE_READER_ONLY'), true)
    await publish(world, request)
    expect(world.machine.mounts.get(world.target())?.readOnly).toBe(true)
  })

  test('a block volume is, only where its disk is attached read-only', async () => {
    const writable = await staged(BLOCK)
    await expect(publish(writable.world, { ...writable.publish, readonly: true })).rejects.toMatchObject({
      reason: 'STAGED_DIFFERENTLY',
    })
    const readOnly = await staged(BLOCK, true)
    await expect(publish(readOnly.world, readOnly.publish)).rejects.toMatchObject({
      reason: 'STAGED_DIFFERENTLY',
    })
    await publish(readOnly.world, { ...readOnly.publish, readonly: true })
  })
})

test.each([
  ['another access type', BLOCK],
  ['a flag that it is not staged with', { ...MOUNT, mount: { fsType: 'ext4', mountFlags: ['sync'] } }],
  ['another file system', { ...MOUNT, mount: { fsType: 'xfs', mountFlags: [] } }],
  ['another access mode', withMode(MOUNT, 'SINGLE_NODE_SINGLE_WRITER')],
])('%s than staged is FAILED_PRECONDITION', async (_, volumeCapability) => {
  const { world, publish: request } = await staged()
  await expect(publish(world, { ...request, volumeCapability })).rejects.toMatchObject({
    reason: 'STAGED_DIFFERENTLY',
  })
})

test('an old caller that stages for SINGLE_NODE_WRITER publishes for the multi writer mode', async () => {
  const { world, publish: request } = await staged(withMode(MOUNT, 'SINGLE_NODE_WRITER'))
  await publish(world, { ...request, volumeCapability: MOUNT })
})

test('publishing touches no other volume', async () => {
  const { world, publish: request } = await staged()
  const second = await world.disk({ name: 'second' })
  await publish(world, request)
  const before = new Map(world.machine.mounts)
  await expect(bringUp(world, second)).rejects.toMatchObject({ reason: 'PUBLISHED_DIFFERENTLY' }) // same staging path
  expect(world.machine.mounts).toEqual(before)
})
