import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { NodeMethods } from '../../src/csi/messages.ts'
import { FS_TYPES, type FsType } from '../../src/host/filesystems/filesystem.ts'
import { readMounts, unmount } from '../../src/host/mounts.ts'
import { createHostMachine } from '../../src/node/host-machine.ts'
import { NodeRecords } from '../../src/node/records.ts'
import { createNodeService, type NodeServiceOptions } from '../../src/node/service.ts'
import type { Disk, DiskId, DiskSource } from '../../src/volumegroups/index.ts'
import { overTheWire, request } from '../fakes/csi-client.ts'
import { FakeInitiator } from '../fakes/fake-initiator.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { Mortal } from '../fakes/mortal.ts'
import { testCall } from '../fakes/rpc.ts'
import { BLOCK, MIB, NODE, withMode } from './support.ts'

type Rpc = keyof NodeMethods

/** One node with real mounts, file systems and loop devices; only the endpoint is a fake. */
class RealNode {
  readonly root: string
  readonly groups = new FakeVolumeGroups()
  readonly initiator: FakeInitiator
  readonly parts: NodeServiceOptions

  private constructor(root: string, records: NodeRecords) {
    this.root = root
    this.initiator = new FakeInitiator({ folder: join(root, 'disks') })
    this.parts = {
      groups: this.groups,
      initiator: this.initiator,
      machine: createHostMachine(),
      records,
      nodeId: NODE,
      initiatorName: 'iqn.2026-01.test:node-1',
      maxVolumes: 10,
      attach: 'node',
    }
  }

  static async create(): Promise<RealNode> {
    const root = await mkdtemp(join(tmpdir(), 'mooring-node-'))
    const node = new RealNode(root, await NodeRecords.open(join(root, 'records')))
    onTestFinished(() => node.#cleanUp())
    await mkdir(join(root, 'disks'))
    await node.call('nodeGetInfo')
    return node
  }

  async disk(name: string, source?: DiskSource): Promise<Disk> {
    const size = { requiredBytes: 320n * MIB, limitBytes: undefined }
    const group = { kind: 'own' } as const
    const disk = await this.groups.createDisk({ name, project: '/', group, size, source, attributes: {} })
    await mkdir(this.staging(disk))
    return disk
  }

  /** A disk with what another one holds at this instant, and of twice its size. */
  async clone(of: Disk): Promise<Disk> {
    const clone = await this.disk(`clone of ${of.name}`, { kind: 'disk', diskId: of.id })
    await copyFile(this.initiator.fileOf(of.id), this.initiator.fileOf(clone.id))
    await this.grow(clone)
    return clone
  }

  async grow({ id, sizeBytes }: Disk): Promise<void> {
    await this.groups.growDisk(id, { requiredBytes: 2n * sizeBytes, limitBytes: undefined })
    await truncate(this.initiator.fileOf(id), Number(2n * sizeBytes))
  }

  staging = ({ id }: Pick<Disk, 'id'>): string => join(this.root, `staging-${id}`)
  target = ({ id }: Pick<Disk, 'id'>): string => join(this.root, `target-${id}`)

  requests(disk: Disk, volumeCapability: object) {
    const volumeId = disk.id
    const stage = { volumeId, stagingTargetPath: this.staging(disk), volumeCapability }
    return {
      stage,
      publish: { ...stage, targetPath: this.target(disk) },
      expand: { volumeId, volumePath: this.target(disk) },
      unpublish: { volumeId, targetPath: this.target(disk) },
      unstage: { volumeId, stagingTargetPath: this.staging(disk) },
    }
  }

  async call<Name extends Rpc>(
    rpc: Name,
    fields: object = {},
    parts: NodeServiceOptions = this.parts,
  ): Promise<NodeMethods[Name]['response']> {
    const name = rpc[0]!.toUpperCase() + rpc.slice(1)
    const handler = createNodeService(parts).handlers[rpc] as (
      message: unknown,
      call: unknown,
    ) => Promise<object>
    return overTheWire(
      name,
      await handler(request(name, fields), testCall()),
    ) as NodeMethods[Name]['response']
  }

  async bringUp(disk: Disk, capability: object): Promise<void> {
    const { stage, publish } = this.requests(disk, capability)
    await this.call('nodeStageVolume', stage)
    await this.call('nodePublishVolume', publish)
  }

  async takeDown(disk: Disk): Promise<void> {
    const { unpublish, unstage } = this.requests(disk, BLOCK)
    await this.call('nodeUnpublishVolume', unpublish)
    await this.call('nodeUnstageVolume', unstage)
  }

  mounts = async (): Promise<readonly string[]> =>
    (await readMounts()).map(({ target }) => target).filter((path) => path.startsWith(this.root))

  async leftovers(): Promise<readonly unknown[]> {
    const attachments = (await this.groups.listAttachments()).items
    return [
      ...(await this.mounts()),
      ...(await this.initiator.list()),
      ...(await this.parts.records.list()),
      ...attachments,
    ]
  }

  async #cleanUp(): Promise<void> {
    for (const path of [...(await this.mounts())].reverse()) await unmount(path, { lazy: true })
    for (const { diskId } of await this.initiator.list()) await this.initiator.detach(diskId)
    await rm(this.root, { recursive: true })
  }
}

const mountOf = (fsType: FsType) => ({
  mount: { fsType, mountFlags: ['noatime'] },
  accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' },
})

async function readDevice(path: string, length: number): Promise<Buffer> {
  await using device = await open(path, 'r')
  return (await device.read(Buffer.alloc(length), 0, length, 0)).buffer
}

describe.each(FS_TYPES)('%s', (fsType) => {
  const capability = mountOf(fsType)

  test('is made, mounted, published, kept over unstage and stage, and leaves nothing', async () => {
    const node = await RealNode.create()
    const disk = await node.disk('a')
    const data = randomBytes(1_000_000)
    for (let round = 0; round < 3; round += 1) await node.bringUp(disk, capability)
    expect((await node.mounts()).toSorted()).toEqual([node.staging(disk), node.target(disk)])
    await writeFile(join(node.target(disk), 'data'), data)
    const { usage } = await node.call('nodeGetVolumeStats', {
      volumeId: disk.id,
      volumePath: node.target(disk),
    })
    expect(usage.map(({ unit }) => unit)).toEqual(['BYTES', 'INODES'])
    expect(BigInt(usage[0]!.used)).toBeGreaterThanOrEqual(1_000_000n)
    await node.takeDown(disk)
    expect(await node.leftovers()).toEqual([])
    expect(existsSync(node.target(disk))).toBe(false)
    await node.bringUp(disk, capability)
    expect((await readFile(join(node.target(disk), 'data'))).equals(data)).toBe(true)
    await node.takeDown(disk)
    expect(await node.leftovers()).toEqual([])
  })

  test('a clone is staged beside its mounted source, whole, and as large as its disk', async () => {
    const node = await RealNode.create()
    const source = await node.disk('source')
    await node.bringUp(source, capability)
    await writeFile(join(node.target(source), 'file'), 'synced', { flush: true })
    const clone = await node.clone(source)
    await node.bringUp(clone, capability)
    expect(await readFile(join(node.target(clone), 'file'), 'utf8')).toBe('synced')
    const { usage } = await node.call('nodeGetVolumeStats', {
      volumeId: clone.id,
      volumePath: node.target(clone),
    })
    expect(Number(usage[0]!.total)).toBeGreaterThan(0.8 * 640 * 1024 ** 2)
    await writeFile(join(node.target(clone), 'file'), 'clone only', { flush: true })
    expect(await readFile(join(node.target(source), 'file'), 'utf8')).toBe('synced')
    await node.takeDown(clone)
    await node.takeDown(source)
    expect(await node.leftovers()).toEqual([])
  })

  test('grows with its disk, mounted or at the next stage', async () => {
    const node = await RealNode.create()
    const disk = await node.disk('a')
    await node.bringUp(disk, capability)
    await node.grow(disk)
    const total = async () => {
      const message = { volumeId: disk.id, volumePath: node.target(disk) }
      return Number((await node.call('nodeGetVolumeStats', message)).usage[0]!.total)
    }
    try {
      const { capacityBytes } = await node.call('nodeExpandVolume', node.requests(disk, capability).expand)
      expect(capacityBytes).toBe(String(640n * MIB))
    } catch (error) {
      expect(error).toMatchObject({ reason: 'FILESYSTEM_GROW_REFUSED' })
      expect(fsType).toBe('ext4') // the others grow on any kernel
      await node.takeDown(disk)
      await node.bringUp(disk, capability)
    }
    expect(await total()).toBeGreaterThan(0.8 * 640 * 1024 ** 2)
    await node.call('nodeExpandVolume', node.requests(disk, capability).expand)
    await node.takeDown(disk)
    expect(await node.leftovers()).toEqual([])
  })
})

test('a block volume is the device itself, at every size', async () => {
  const node = await RealNode.create()
  const disk = await node.disk('a')
  await node.bringUp(disk, BLOCK)
  await node.bringUp(disk, BLOCK)
  expect((await stat(node.target(disk))).isBlockDevice()).toBe(true)
  expect(await node.mounts()).toEqual([node.target(disk)])
  const data = randomBytes(4096)
  await using device = await open(node.target(disk), 'r+')
  await device.write(data, 0, data.length, 0)
  await device.sync()
  await device.close()
  await node.grow(disk)
  const { capacityBytes } = await node.call('nodeExpandVolume', node.requests(disk, BLOCK).expand)
  expect(capacityBytes).toBe(String(640n * MIB))
  const { usage } = await node.call('nodeGetVolumeStats', {
    volumeId: disk.id,
    volumePath: node.target(disk),
  })
  expect(usage).toMatchObject([{ total: String(640n * MIB), unit: 'BYTES' }])
  await node.takeDown(disk)
  expect(await node.leftovers()).toEqual([])
  expect((await readDevice(node.initiator.fileOf(disk.id), 4096)).equals(data)).toBe(true)
})

test('random data is never formatted over', async () => {
  const node = await RealNode.create()
  const disk = await node.disk('a')
  const data = randomBytes(8192)
  await writeFile(node.initiator.fileOf(disk.id), data)
  await truncate(node.initiator.fileOf(disk.id), Number(disk.sizeBytes))
  const { stage } = node.requests(disk, mountOf('ext4'))
  await expect(node.call('nodeStageVolume', stage)).rejects.toMatchObject({ reason: 'NOT_BLANK' })
  expect((await readDevice(node.initiator.fileOf(disk.id), 8192)).equals(data)).toBe(true)
  expect(await node.leftovers()).toEqual([])
})

test('a volume in use is neither unpublished nor unstaged under its user', async () => {
  const node = await RealNode.create()
  const disk = await node.disk('a')
  await node.bringUp(disk, mountOf('xfs'))
  const { unpublish, unstage } = node.requests(disk, BLOCK)
  const file = await open(join(node.target(disk), 'open'), 'w')
  try {
    await expect(node.call('nodeUnpublishVolume', unpublish)).rejects.toMatchObject({ reason: 'MOUNT_BUSY' })
    await expect(node.call('nodeUnstageVolume', unstage)).rejects.toMatchObject({ reason: 'MOUNT_BUSY' })
    await file.write('still there')
  } finally {
    await file.close()
  }
  await node.takeDown(disk)
  expect(await node.leftovers()).toEqual([])
})

test('what was written into a bare target directory is not removed', async () => {
  const node = await RealNode.create()
  const disk = await node.disk('a')
  await mkdir(node.target(disk))
  await writeFile(join(node.target(disk), 'stray'), 'x')
  const { unpublish } = node.requests(disk, BLOCK)
  await expect(node.call('nodeUnpublishVolume', unpublish)).rejects.toMatchObject({
    reason: 'TARGET_NOT_EMPTY',
  })
  expect(existsSync(join(node.target(disk), 'stray'))).toBe(true)
})

test('a read-only target of a writable file system refuses writes', async () => {
  const node = await RealNode.create()
  const disk = await node.disk('a')
  const { stage, publish } = node.requests(disk, mountOf('ext4'))
  await node.call('nodeStageVolume', stage)
  await node.call('nodePublishVolume', { ...publish, readonly: true })
  await node.call('nodePublishVolume', { ...publish, readonly: true })
  await expect(writeFile(join(node.target(disk), 'x'), 'x')).rejects.toMatchObject({ code: 'EROFS' })
  await expect(node.call('nodePublishVolume', publish)).rejects.toMatchObject({
    reason: 'PUBLISHED_DIFFERENTLY',
  })
})

test('a reader of a disk that others read too is mounted read-only on a read-only device', async () => {
  const node = await RealNode.create()
  const disk = await node.disk('a')
  await node.bringUp(disk, mountOf('ext4'))
  await writeFile(join(node.target(disk), 'file'), 'read me')
  await node.takeDown(disk)
  await node.bringUp(disk, withMode(mountOf('ext4'), 'MULTI_NODE_READER_ONLY'))
  expect((await node.initiator.find(disk.id))?.readOnly).toBe(true)
  expect(await readFile(join(node.target(disk), 'file'), 'utf8')).toBe('read me')
  await expect(writeFile(join(node.target(disk), 'x'), 'x')).rejects.toMatchObject({ code: 'EROFS' })
  await node.takeDown(disk)
  expect(await node.leftovers()).toEqual([])
})

test('a process that dies at any step of stage and unstage leaves what the next one finishes', async () => {
  const node = await RealNode.create()
  const capability = mountOf('ext4')
  const wrapped = (mortal: Mortal): NodeServiceOptions => ({
    ...node.parts,
    groups: mortal.wrap(node.groups),
    initiator: mortal.wrap(node.initiator),
    machine: mortal.wrap(node.parts.machine),
    records: mortal.wrap(node.parts.records),
  })
  const disk = await node.disk('counted')
  const { stage, unstage } = node.requests(disk, capability)
  const counters = { stage: new Mortal(), unstage: new Mortal() }
  await node.call('nodeStageVolume', stage, wrapped(counters.stage))
  await node.call('nodeUnstageVolume', unstage, wrapped(counters.unstage))
  const fresh = async (step: number): Promise<Disk> => node.disk(`disk ${step}`)
  for (let step = 1; step <= counters.stage.steps; step += 1) {
    const victim = await fresh(step)
    const requests = node.requests(victim, capability)
    const mortal = new Mortal({ step, when: 'after' })
    await expect(node.call('nodeStageVolume', requests.stage, wrapped(mortal))).rejects.toThrow()
    expect(mortal.dead).toBe(true)
    await node.bringUp(victim, capability)
    expect((await node.mounts()).toSorted()).toEqual([node.staging(victim), node.target(victim)])
    await node.takeDown(victim)
    expect(await node.leftovers()).toEqual([])
  }
  for (let step = 1; step <= counters.unstage.steps; step += 1) {
    await node.call('nodeStageVolume', stage)
    const mortal = new Mortal({ step, when: 'after' })
    await expect(node.call('nodeUnstageVolume', unstage, wrapped(mortal))).rejects.toThrow()
    await node.call('nodeUnstageVolume', unstage)
    expect(await node.leftovers()).toEqual([])
  }
})

test('volumes are staged side by side', async () => {
  const node = await RealNode.create()
  const names = ['a', 'b', 'c', 'd']
  const disks = await Promise.all(names.map((name) => node.disk(name)))
  await Promise.all(disks.map((disk, index) => node.bringUp(disk, mountOf(FS_TYPES[index % 3]!))))
  expect(await node.mounts()).toHaveLength(8)
  const ids = (await node.initiator.list()).map(({ diskId }): DiskId => diskId)
  expect(ids.toSorted()).toEqual(disks.map(({ id }) => id).toSorted())
  await Promise.all(disks.map((disk) => node.takeDown(disk)))
  expect(await node.leftovers()).toEqual([])
})
