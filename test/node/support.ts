import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { NodeMethods } from '../../src/csi/messages.ts'
import { NodeRecords } from '../../src/node/records.ts'
import { createNodeService, type NodeServiceOptions } from '../../src/node/service.ts'
import type { Disk, DiskSource, InitiatorId } from '../../src/volumegroups/index.ts'
import { overTheWire, request } from '../fakes/csi-client.ts'
import { FakeMachine } from '../fakes/fake-machine.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { MemoryInitiator } from '../fakes/memory-initiator.ts'
import { testCall } from '../fakes/rpc.ts'

export const NODE = 'node-1' as InitiatorId
export const MIB = 1024n * 1024n

type Rpc = keyof NodeMethods
type Parts = NodeServiceOptions

/** One node on fakes, and the element that it talks to. */
export class World {
  readonly groups = new FakeVolumeGroups()
  readonly initiator = new MemoryInitiator(async (id) => (await this.groups.getDisk(id)).sizeBytes)
  readonly machine = new FakeMachine(this.initiator)
  readonly root: string
  readonly parts: Parts

  private constructor(root: string, records: NodeRecords, attach: Parts['attach']) {
    this.root = root
    this.parts = {
      groups: this.groups,
      initiator: this.initiator,
      machine: this.machine,
      records,
      nodeId: NODE,
      initiatorName: 'iqn.2026-01.test:node-1',
      maxVolumes: 10,
      attach,
    }
  }

  static async create(attach: Parts['attach'] = 'controller'): Promise<World> {
    const root = await mkdtemp(join(tmpdir(), 'mooring-node-'))
    onTestFinished(() => rm(root, { recursive: true, force: true }))
    const world = new World(root, await NodeRecords.open(join(root, 'records')), attach)
    await mkdir(world.staging)
    await world.call('nodeGetInfo')
    return world
  }

  get staging(): string {
    return join(this.root, 'staging')
  }

  target(name = 'target'): string {
    return join(this.root, name)
  }

  /** A disk that the controller has granted to this node, unless the node does so by itself. */
  async disk(options: { name?: string; source?: DiskSource; readOnly?: boolean } = {}): Promise<Disk> {
    const { name = 'disk-1', source, readOnly = false } = options
    const size = { requiredBytes: 512n * MIB, limitBytes: undefined }
    const disk = await this.groups.createDisk({
      name,
      project: '/',
      group: { kind: 'own' },
      size,
      source,
      attributes: {},
    })
    if (this.parts.attach === 'controller') {
      await this.groups.grant({ diskId: disk.id, initiatorId: NODE, readOnly, shared: false })
    }
    return disk
  }

  /** Calls a fresh service, as after a restart of the node plugin; through the wire format both ways. */
  async call<Name extends Rpc>(
    rpc: Name,
    fields: object = {},
    parts: Parts = this.parts,
  ): Promise<NodeMethods[Name]['response']> {
    const handler = createNodeService(parts).handlers[rpc]
    if (handler === undefined) throw new Error(`${rpc} is not implemented`)
    const name = rpc[0]!.toUpperCase() + rpc.slice(1)
    const response = await (handler as (message: unknown, call: unknown) => Promise<object>)(
      request(name, fields),
      testCall(),
    )
    return overTheWire(name, response) as NodeMethods[Name]['response']
  }

  /** Everything on this node that should be gone once its volumes are unstaged. */
  async leftovers(): Promise<readonly string[]> {
    const attachments = this.parts.attach === 'node' ? (await this.groups.listAttachments()).items : []
    return [
      ...[...this.machine.mounts.keys()].map((path) => `mount ${path}`),
      ...(await this.initiator.list()).map(({ path }) => `device ${path}`),
      ...(await this.parts.records.list()).map((id) => `record ${id}`),
      ...attachments.map(({ diskId }) => `attachment ${diskId}`),
      ...(existsSync(this.target()) ? ['target'] : []),
    ]
  }
}

export const MOUNT = {
  mount: { fsType: 'ext4', mountFlags: ['noatime'] },
  accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' },
}
export const BLOCK = { block: {}, accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' } }

export const withMode = (capability: object, mode: string): object => ({
  ...capability,
  accessMode: { mode },
})

/** The requests of one volume's life on the node, as an orchestrator sends them. */
export function requestsFor(world: World, disk: Disk, volumeCapability: object = MOUNT) {
  const volumeId = disk.id
  const stage = { volumeId, stagingTargetPath: world.staging, volumeCapability }
  return {
    stage,
    publish: { ...stage, targetPath: world.target() },
    unpublish: { volumeId, targetPath: world.target() },
    unstage: { volumeId, stagingTargetPath: world.staging },
    expand: { volumeId, volumePath: world.target(), stagingTargetPath: world.staging },
  }
}

export async function bringUp(world: World, disk: Disk, volumeCapability: object = MOUNT): Promise<void> {
  const { stage, publish } = requestsFor(world, disk, volumeCapability)
  await world.call('nodeStageVolume', stage)
  await world.call('nodePublishVolume', publish)
}

export async function takeDown(world: World, disk: Disk): Promise<void> {
  const { unpublish, unstage } = requestsFor(world, disk)
  await world.call('nodeUnpublishVolume', unpublish)
  await world.call('nodeUnstageVolume', unstage)
}
