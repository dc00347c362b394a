import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { NodeMethods } from '../../src/csi/messages.ts'
import { run } from '../../src/host/exec.ts'
import { closeLuks } from '../../src/host/luks.ts'
import { unmount } from '../../src/host/mounts.ts'
import { mappingOf } from '../../src/node/encryption.ts'
import { createHostMachine } from '../../src/node/host-machine.ts'
import { NodeRecords } from '../../src/node/records.ts'
import { createNodeService } from '../../src/node/service.ts'
import { type Disk, uuidOf } from '../../src/volumegroups/index.ts'
import { overTheWire, request } from '../fakes/csi-client.ts'
import { FakeInitiator } from '../fakes/fake-initiator.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { testCall } from '../fakes/rpc.ts'
import { BLOCK, MIB, NODE } from './support.ts'

/** A node on real LUKS, device-mapper, mounts and loop devices, as a guest's kernel has them. */

const KEY = 'correct horse battery staple'
const SECRETS = { encryptionKey: KEY }
const LIMIT = 120_000

const mountOf = (fsType: string) => ({
  mount: { fsType, mountFlags: [] },
  accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' },
})

async function setUp(capability: object) {
  const root = await mkdtemp(join(tmpdir(), 'mooring-luks-'))
  const at = (name: string): string => join(root, name)
  const groups = new FakeVolumeGroups()
  const initiator = new FakeInitiator({ folder: at('disks') })
  await mkdir(at('disks'))
  await mkdir(at('staging'))
  const records = await NodeRecords.open(at('records'))
  const parts = {
    groups,
    initiator,
    machine: createHostMachine(),
    records,
    nodeId: NODE,
    attach: 'node' as const,
  }
  const call = async <Name extends keyof NodeMethods>(rpc: Name, fields: object = {}) => {
    // A fresh service each time, as after a restart of the plugin.
    const service = createNodeService({ ...parts, initiatorName: 'iqn.2026-01.test:node-1', maxVolumes: 10 })
    const name = rpc[0]!.toUpperCase() + rpc.slice(1)
    const handler = service.handlers[rpc] as (message: unknown, call: unknown) => Promise<object>
    return overTheWire(
      name,
      await handler(request(name, fields), testCall()),
    ) as NodeMethods[Name]['response']
  }
  await call('nodeGetInfo')
  const size = { requiredBytes: 400n * MIB, limitBytes: undefined }
  const group = { kind: 'own' } as const
  const disk = await groups.createDisk({
    name: 'd',
    project: '/',
    group,
    size,
    source: undefined,
    attributes: {},
  })
  onTestFinished(() => cleanUp(root, disk, initiator))
  const volume = { volumeId: disk.id, stagingTargetPath: at('staging') }
  const stage = {
    ...volume,
    ...{ volumeCapability: capability, volumeContext: { encryption: 'luks' }, secrets: SECRETS },
  }
  const target = at('target')
  const device = async () => (await initiator.find(disk.id))!.path
  const unstage = () => call('nodeUnstageVolume', volume)
  const unpublish = () => call('nodeUnpublishVolume', { volumeId: disk.id, targetPath: target })
  const publish = () => call('nodePublishVolume', { ...stage, secrets: {}, targetPath: target })
  return { root, groups, disk, call, stage, target, device, initiator, publish, unpublish, unstage, parts }
}

async function cleanUp(root: string, disk: Disk, initiator: FakeInitiator): Promise<void> {
  await unmount(join(root, 'target'))
  await unmount(join(root, 'staging'))
  await closeLuks(mappingOf(disk.id))
  await initiator.detach(disk.id)
  await rm(root, { recursive: true, force: true })
}

const holds = async (device: string, text: string): Promise<boolean> => {
  const handle = await open(device)
  try {
    for await (const chunk of handle.createReadStream({ highWaterMark: 8 * Number(MIB) })) {
      if ((chunk as Buffer).includes(text)) return true
    }
    return false
  } finally {
    await handle.close().catch(() => {})
  }
}

const isOpen = async (): Promise<boolean> =>
  (await readdir('/sys/block')).some((name) => name.startsWith('dm-'))

test.each(['ext4', 'xfs'])(
  '%s inside LUKS: bytes survive, the disk shows none of them',
  { timeout: LIMIT },
  async (fsType) => {
    const node = await setUp(mountOf(fsType))
    await node.call('nodeStageVolume', node.stage)
    await node.publish()
    await writeFile(join(node.target, 'file'), 'plain text that nobody may read'.repeat(1000))
    await run({ file: 'sync', args: ['-f', node.target] })
    const device = await node.device()
    const header = await run({ file: 'blkid', args: ['-p', '-o', 'export', device] })
    expect(header.stdout).toContain('TYPE=crypto_LUKS')
    expect(header.stdout).toContain(`UUID=${uuidOf(node.disk.id)}`)
    expect(await holds(device, 'plain text that nobody may read')).toBe(false)
    await node.unpublish()
    await node.unstage()
    expect(await isOpen()).toBe(false)
    await node.call('nodeStageVolume', node.stage)
    const text = await readFile(join(node.stage.stagingTargetPath, 'file'), 'utf8')
    expect(text.startsWith('plain text that nobody may read')).toBe(true)
    await node.unstage()
    expect(await isOpen()).toBe(false)
  },
)

test.each(['ext4', 'xfs'])('%s inside LUKS grows while it is mounted', { timeout: LIMIT }, async (fsType) => {
  const node = await setUp(mountOf(fsType))
  await node.call('nodeStageVolume', node.stage)
  await node.publish()
  await node.groups.growDisk(node.disk.id, { requiredBytes: 800n * MIB, limitBytes: undefined })
  await truncate(node.initiator.fileOf(node.disk.id), 800 * Number(MIB))
  const expand = { volumeId: node.disk.id, volumePath: node.target, secrets: SECRETS }
  await node.call('nodeExpandVolume', expand)
  const { usage } = await node.call('nodeGetVolumeStats', { volumeId: node.disk.id, volumePath: node.target })
  expect(BigInt(usage[0]!.total)).toBeGreaterThan(600n * MIB)
  await node.unpublish()
  await node.unstage()
})

test('a block volume is the plain side; it closes although the plugin knows nothing of it', {
  timeout: LIMIT,
}, async () => {
  const node = await setUp(BLOCK)
  await node.call('nodeStageVolume', node.stage)
  await node.publish()
  await run({ file: 'dd', args: ['if=/dev/zero', `of=${node.target}`, 'bs=1M', 'count=4', 'oflag=direct'] })
  await node.unpublish()
  await node.parts.records.remove(node.disk.id)
  await node.unstage()
  expect(await isOpen()).toBe(false)
})

test('a wrong key opens nothing and leaves nothing', { timeout: LIMIT }, async () => {
  const node = await setUp(mountOf('ext4'))
  await node.call('nodeStageVolume', node.stage)
  await node.unstage()
  const staged = node.call('nodeStageVolume', { ...node.stage, secrets: { encryptionKey: 'another' } })
  await expect(staged).rejects.toMatchObject({ reason: 'ENCRYPTION_KEY_WRONG' })
  expect(await isOpen()).toBe(false)
  expect(await node.initiator.list()).toEqual([])
})
