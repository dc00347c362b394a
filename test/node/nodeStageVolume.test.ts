import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Content } from '../../src/host/filesystems/probe.ts'
import { type Disk, diskIds, StorageError, uuidOf } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp, MIB, MOUNT, NODE, requestsFor, takeDown, World, withMode } from './support.ts'

const filesystem = (fsType: 'ext4' | 'xfs' | 'btrfs', more: object = {}): Content => ({
  kind: 'filesystem',
  fsType,
  uuid: '11111111-1111-1111-1111-111111111111',
  growable: false,
  logDirty: false,
  ...more,
})

function fill(world: World, disk: Disk, content: Content, usedBytes = disk.sizeBytes): void {
  world.initiator.media.set(disk.id, { content, usedBytes })
}

const contentOf = (world: World, disk: Disk): Content | undefined =>
  world.initiator.media.get(disk.id)?.content
const stage = (world: World, disk: Disk, capability: object = MOUNT, more: object = {}) =>
  world.call('nodeStageVolume', { ...requestsFor(world, disk, capability).stage, ...more })
const mountCapability = (fsType: string, mountFlags: string[] = []) => ({
  ...MOUNT,
  mount: { fsType, mountFlags },
})

describe('what the request must hold', () => {
  test.each([
    ['no volume id', { volumeId: '' }],
    ['no staging path', { stagingTargetPath: '' }],
    ['a relative staging path', { stagingTargetPath: 'some/path' }],
    ['no capability', { volumeCapability: null }],
    ['no access type', { volumeCapability: { accessMode: { mode: 'SINGLE_NODE_WRITER' } } }],
    ['no access mode', { volumeCapability: { mount: {} } }],
    ['a file system that is not known', { volumeCapability: mountCapability('zfs') }],
    [
      'a file system with writers on several nodes',
      { volumeCapability: withMode(MOUNT, 'MULTI_NODE_MULTI_WRITER') },
    ],
    ['a flag that would remount', { volumeCapability: mountCapability('ext4', ['remount']) }],
    ['a flag for mount itself', { volumeCapability: mountCapability('ext4', ['X-mount.mkdir']) }],
    ['mkfs options with a path', { volumeContext: { mkfsOptions: '-J device=/dev/sda' } }],
  ])('%s is INVALID_ARGUMENT', async (_, fields) => {
    const world = await World.create()
    const disk = await world.disk()
    await expect(stage(world, disk, MOUNT, fields)).rejects.toMatchObject({ kind: 'invalid_request' })
    expect(await world.leftovers()).toEqual([])
  })

  test.each(['none-exist-id', diskIds.create()])(
    'a volume that does not exist (%s) is NOT_FOUND',
    async (volumeId) => {
      const world = await World.create()
      const disk = await world.disk()
      await expect(stage(world, disk, MOUNT, { volumeId })).rejects.toMatchObject({ kind: 'not_found' })
      expect(await world.leftovers()).toEqual([])
    },
  )
})

describe('what is on the disk', () => {
  test('a blank one gets the file system of the capability, else of the class, else ext4', async () => {
    for (const [inCapability, inClass, expected] of [
      ['xfs', 'btrfs', 'xfs'],
      ['', 'btrfs', 'btrfs'],
      ['', '', 'ext4'],
    ] as const) {
      const world = await World.create()
      const disk = await world.disk()
      await stage(world, disk, mountCapability(inCapability), { volumeContext: { fsType: inClass } })
      expect(contentOf(world, disk)).toMatchObject({
        kind: 'filesystem',
        fsType: expected,
        uuid: uuidOf(disk.id),
      })
    }
  })

  test('when none is asked for, the one that is there is used', async () => {
    const world = await World.create()
    const disk = await world.disk()
    fill(world, disk, filesystem('xfs'))
    await stage(world, disk, mountCapability(''))
    expect(await world.parts.records.read(disk.id)).toMatchObject({ fsType: 'xfs', phase: 'staged' })
  })

  test('another one than asked for is refused by both names, untouched', async () => {
    const world = await World.create()
    const disk = await world.disk()
    fill(world, disk, filesystem('xfs'))
    await expect(stage(world, disk)).rejects.toMatchObject({
      reason: 'FILESYSTEM_DIFFERS',
      message: expect.stringMatching(/xfs.*ext4/),
    })
    expect(contentOf(world, disk)).toEqual(filesystem('xfs'))
    expect(await world.leftovers()).toEqual([])
  })

  test.each([
    { kind: 'foreign', what: 'a gpt partition table' },
    { kind: 'unrecognised', what: 'data that nothing recognises' },
  ] as const)('$kind content is never formatted', async (content) => {
    const world = await World.create()
    const disk = await world.disk()
    fill(world, disk, content)
    await expect(stage(world, disk)).rejects.toMatchObject({
      reason: 'NOT_BLANK',
      message: expect.stringContaining(content.what),
    })
    expect(contentOf(world, disk)).toEqual(content)
    expect(await world.leftovers()).toEqual([])
  })

  test('a probe that fails is not taken for blank', async () => {
    const world = await World.create()
    const disk = await world.disk()
    world.machine.probe = async () => {
      throw new StorageError('COMMAND_FAILED', 'blkid failed')
    }
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'COMMAND_FAILED' })
    expect(contentOf(world, disk)).toEqual({ kind: 'blank' })
  })

  test('the remains of an mkfs that this node began are formatted; of no other', async () => {
    const world = await World.create()
    const disk = await world.disk()
    const { format } = world.machine
    world.machine.format = async () => {
      fill(world, disk, { kind: 'unrecognised', what: 'half of an ext4' })
      throw new StorageError('STEP_TIMED_OUT', 'mkfs.ext4 took too long')
    }
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'STEP_TIMED_OUT' })
    world.machine.format = format
    await stage(world, disk)
    expect(contentOf(world, disk)).toMatchObject({ kind: 'filesystem', fsType: 'ext4' })
    await takeDown(world, disk)
    fill(world, disk, { kind: 'unrecognised', what: 'data' })
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'NOT_BLANK' })
  })

  test('an mkfs that fails is repeated with corrected options, or given up by unstage', async () => {
    const world = await World.create()
    const disk = await world.disk()
    const { format } = world.machine
    world.machine.format = async () => {
      fill(world, disk, { kind: 'unrecognised', what: 'half of an ext4' })
      throw new StorageError('FORMAT_FAILED', 'mkfs.ext4 failed: invalid blocksize')
    }
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'FORMAT_FAILED' })
    world.machine.format = format
    await stage(world, disk)
    expect(contentOf(world, disk)).toMatchObject({ kind: 'filesystem' })
    await takeDown(world, disk)
    expect(await world.leftovers()).toEqual([])
  })

  test('a disk that is too small for the file system is refused before anything is done to it', async () => {
    const world = await World.create()
    const size = { requiredBytes: 64n * MIB, limitBytes: undefined }
    const group = { kind: 'own' } as const
    const disk = await world.groups.createDisk({ name: 'small', project: '/', group, size, attributes: {} })
    await world.groups.grant({ diskId: disk.id, initiatorId: NODE, readOnly: false, shared: false })
    await expect(stage(world, disk, mountCapability('xfs'))).rejects.toMatchObject({
      reason: 'SIZE_OUT_OF_RANGE',
    })
    expect(contentOf(world, disk)).toEqual({ kind: 'blank' })
    expect(await world.leftovers()).toEqual([])
  })

  test('a blank disk that is read-only is refused', async () => {
    const world = await World.create()
    const disk = await world.disk({ readOnly: true })
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'FILESYSTEM_MISSING' })
    expect(await world.leftovers()).toEqual([])
  })
})

describe('clones', () => {
  async function cloneOf(content: Content) {
    const world = await World.create()
    const source = await world.disk({ name: 'source' })
    const disk = await world.disk({ name: 'clone', source: { kind: 'disk', diskId: source.id } })
    fill(world, disk, content)
    return { world, source, disk }
  }

  test.each([false, true])('a btrfs clone gets its own UUID once (log to replay: %s)', async (logDirty) => {
    const { world, disk } = await cloneOf(filesystem('btrfs', { logDirty }))
    await stage(world, disk, mountCapability('btrfs'))
    expect(contentOf(world, disk)).toMatchObject({ uuid: uuidOf(disk.id), logDirty: false })
    await takeDown(world, disk)
    world.machine.setUuid = async () => {
      throw new Error('not twice')
    }
    await stage(world, disk, mountCapability('btrfs'))
  })

  test('a btrfs that did not come from a source keeps its UUID', async () => {
    const world = await World.create()
    const disk = await world.disk()
    fill(world, disk, filesystem('btrfs'))
    await stage(world, disk, mountCapability('btrfs'))
    expect(contentOf(world, disk)).toEqual(filesystem('btrfs'))
  })

  test.each(['ext4', 'xfs'] as const)('%s keeps its UUID', async (fsType) => {
    const { world, disk } = await cloneOf(filesystem(fsType))
    await stage(world, disk, mountCapability(fsType))
    expect(contentOf(world, disk)).toEqual(filesystem(fsType))
  })
})

describe('a file system that is smaller than its disk', () => {
  test.each([false, true])('grows at stage (kernel refuses it mounted: %s)', async (refuses) => {
    const world = await World.create()
    const disk = await world.disk()
    fill(world, disk, filesystem('ext4'), 100n * MIB)
    world.machine.refusesGrowth = refuses
    await stage(world, disk)
    expect(world.initiator.media.get(disk.id)?.usedBytes).toBe(disk.sizeBytes)
    expect(world.machine.mounts.has(world.staging)).toBe(true)
  })

  test('that only grows mounted is refused by that reason', async () => {
    const world = await World.create()
    const disk = await world.disk()
    fill(world, disk, filesystem('xfs'), 100n * MIB)
    world.machine.refusesGrowth = true
    await expect(stage(world, disk, mountCapability('xfs'))).rejects.toMatchObject({
      reason: 'FILESYSTEM_GROW_REFUSED',
    })
    expect(await world.leftovers()).toEqual([])
  })

  test('is not grown on a disk that is read-only', async () => {
    const world = await World.create()
    const disk = await world.disk({ readOnly: true })
    fill(world, disk, filesystem('ext4'), 100n * MIB)
    await stage(world, disk)
    expect(world.machine.mounts.get(world.staging)).toMatchObject({ readOnly: true })
    expect(world.initiator.media.get(disk.id)?.usedBytes).toBe(100n * MIB)
  })
})

describe('staging again', () => {
  test('the same is OK ten times, with one mount and one device', async () => {
    const world = await World.create()
    const disk = await world.disk()
    for (let round = 0; round < 10; round += 1) await stage(world, disk)
    expect([...world.machine.mounts.keys()]).toEqual([world.staging])
    expect(await world.initiator.list()).toHaveLength(1)
  })

  test('what is staged needs no endpoint', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await stage(world, disk)
    await world.groups.revoke(disk.id, NODE)
    await stage(world, disk)
  })

  test.each([
    ['other flags', mountCapability('ext4', ['sync'])],
    ['another file system', mountCapability('xfs', ['noatime'])],
    ['another access mode', withMode(MOUNT, 'SINGLE_NODE_SINGLE_WRITER')],
    ['another access type', BLOCK],
  ])('with %s is ALREADY_EXISTS, and leaves what is there', async (_, capability) => {
    const world = await World.create()
    const disk = await world.disk()
    await stage(world, disk)
    await expect(stage(world, disk, capability)).rejects.toMatchObject({ reason: 'PUBLISHED_DIFFERENTLY' })
    expect([...world.machine.mounts.keys()]).toEqual([world.staging])
    await stage(world, disk)
  })

  test('at another path is ALREADY_EXISTS', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await stage(world, disk)
    const elsewhere = stage(world, disk, MOUNT, { stagingTargetPath: join(world.root, 'other') })
    await expect(elsewhere).rejects.toMatchObject({ reason: 'PUBLISHED_DIFFERENTLY' })
  })

  test('over a mount of something else is refused, not stacked', async () => {
    const world = await World.create()
    const disk = await world.disk()
    const foreign = {
      kind: 'filesystem',
      device: '/dev/other',
      root: '/',
      readOnly: false,
      flags: [],
    } as const
    world.machine.mounts.set(world.staging, foreign)
    await expect(stage(world, disk)).rejects.toMatchObject({
      reason: 'PUBLISHED_DIFFERENTLY',
      message: expect.stringContaining('/dev/other'),
    })
    expect([...world.machine.mounts]).toEqual([[world.staging, foreign]])
    expect(contentOf(world, disk)).toEqual({ kind: 'blank' })
    await expect(world.call('nodeUnstageVolume', requestsFor(world, disk).unstage)).rejects.toMatchObject({
      reason: 'MOUNT_POINT_TAKEN',
    })
    expect(await world.initiator.list()).toEqual([])
  })

  test('with the state directory lost takes the mount over', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await bringUp(world, disk)
    await world.parts.records.remove(disk.id)
    await bringUp(world, disk)
    await takeDown(world, disk)
    expect(await world.leftovers()).toEqual([])
  })

  test('of what is published and lost its device does not take the published mounts out of the record', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await bringUp(world, disk)
    world.initiator.forget()
    await world.groups.revoke(disk.id, NODE)
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'ATTACHMENT_NOT_FOUND' })
    expect((await world.parts.records.read(disk.id))?.targets).toEqual([world.target()])
    await takeDown(world, disk)
    expect(await world.leftovers()).toEqual([])
  })

  test('with a damaged record names the file and touches nothing', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await stage(world, disk)
    await writeFile(join(world.root, 'records', `${disk.id}.json`), '{"version":1')
    const before = new Map(world.machine.mounts)
    await expect(stage(world, disk)).rejects.toMatchObject({
      reason: 'NODE_RECORD_DAMAGED',
      message: expect.stringContaining(`${disk.id}.json`),
    })
    await expect(world.call('nodeUnstageVolume', requestsFor(world, disk).unstage)).rejects.toMatchObject({
      reason: 'NODE_RECORD_DAMAGED',
    })
    expect(world.machine.mounts).toEqual(before)
  })
})

describe('the right disk', () => {
  test('a connection with another serial is refused before anything is attached', async () => {
    const world = await World.create()
    const disk = await world.disk()
    const connection = await world.groups.connection(disk.id, NODE)
    world.groups.connection = async () => ({ ...connection, serial: 'f'.repeat(32) })
    await expect(stage(world, disk)).rejects.toMatchObject({
      reason: 'IDENTITY_MISMATCH',
      message: expect.stringContaining('f'.repeat(32)),
    })
    expect(await world.leftovers()).toEqual([])
  })

  test.each([
    ['smaller', { sizeBytes: MIB }],
    ['read-only where it was granted for writing', { readOnly: true }],
  ])('a device that is %s is refused and let go', async (_, wrong) => {
    const world = await World.create()
    const disk = await world.disk()
    const { attach, refreshSize } = world.initiator
    world.initiator.attach = async (connection) => ({
      ...(await attach.call(world.initiator, connection)),
      ...wrong,
    })
    world.initiator.refreshSize = async (id) => ({
      ...(await refreshSize.call(world.initiator, id)),
      ...wrong,
    })
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH' })
    expect(contentOf(world, disk)).toEqual({ kind: 'blank' })
    expect(await world.leftovers()).toEqual([])
  })
})

describe('attach: node', () => {
  test('grants at stage and takes the right back at unstage', async () => {
    const world = await World.create('node')
    const disk = await world.disk()
    await stage(world, disk)
    expect((await world.groups.getDisk(disk.id)).attachedTo).toEqual([NODE])
    await takeDown(world, disk)
    expect((await world.groups.getDisk(disk.id)).attachedTo).toEqual([])
  })

  test('who granted takes the right back, whatever is configured since', async () => {
    const world = await World.create('node')
    const disk = await world.disk()
    await stage(world, disk)
    const reconfigured = { ...world.parts, attach: 'controller' as const }
    await world.call('nodeStageVolume', requestsFor(world, disk).stage, reconfigured)
    await world.call('nodeUnstageVolume', requestsFor(world, disk).unstage, reconfigured)
    expect((await world.groups.getDisk(disk.id)).attachedTo).toEqual([])
  })

  test('a disk that another node holds is refused, and nothing is left', async () => {
    const world = await World.create('node')
    const disk = await world.disk()
    const other = await world.groups.registerInitiator({
      id: 'node-2' as typeof NODE,
      name: 'iqn.2026-01.test:2',
      maxAttachments: 0,
    })
    await world.groups.grant({ diskId: disk.id, initiatorId: other.id, readOnly: false, shared: false })
    await expect(stage(world, disk)).rejects.toMatchObject({ reason: 'DISK_ATTACHED' })
    expect((await world.groups.getDisk(disk.id)).attachedTo).toEqual([other.id])
    expect(await world.parts.records.list()).toEqual([])
  })
})
