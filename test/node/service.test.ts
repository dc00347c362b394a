import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { NodeMethods } from '../../src/csi/messages.ts'
import type { AttachMode } from '../../src/node/parts.ts'
import type { NodeServiceOptions } from '../../src/node/service.ts'
import type { Disk } from '../../src/volumegroups/index.ts'
import { Mortal } from '../fakes/mortal.ts'
import { BLOCK, bringUp, MIB, MOUNT, requestsFor, takeDown, World } from './support.ts'

type Rpc = keyof NodeMethods
interface Scene {
  readonly world: World
  readonly disk: Disk
}

/** One call to be cut off, what comes before it, and what must hold once it has been repeated. */
interface Act {
  readonly rpc: Rpc
  readonly fields: (scene: Scene) => object
  readonly before: (scene: Scene) => Promise<unknown>
  readonly check: (scene: Scene) => Promise<unknown>
}

const requests = ({ world, disk }: Scene, capability: object) => requestsFor(world, disk, capability)

function actsFor(capability: object): readonly Act[] {
  const call = (rpc: Rpc, name: keyof ReturnType<typeof requestsFor>) => (scene: Scene) =>
    scene.world.call(rpc, requests(scene, capability)[name])
  const published = async ({ world }: Scene) => expect(world.machine.mounts.has(world.target())).toBe(true)
  const down = async (scene: Scene) => expect(await scene.world.leftovers()).toEqual([])
  return [
    {
      rpc: 'nodeStageVolume',
      fields: (scene) => requests(scene, capability).stage,
      before: async () => {},
      check: async (scene) => {
        await call('nodePublishVolume', 'publish')(scene)
        await published(scene)
      },
    },
    {
      rpc: 'nodePublishVolume',
      fields: (scene) => requests(scene, capability).publish,
      before: call('nodeStageVolume', 'stage'),
      check: published,
    },
    {
      rpc: 'nodeExpandVolume',
      fields: (scene) => requests(scene, capability).expand,
      before: async ({ world, disk }) => {
        await bringUp(world, disk, capability)
        await world.groups.growDisk(disk.id, { requiredBytes: 1024n * MIB, limitBytes: undefined })
      },
      check: async ({ world, disk }) => {
        expect((await world.initiator.find(disk.id))?.sizeBytes).toBe(1024n * MIB)
        const { usedBytes } = world.initiator.media.get(disk.id)!
        if (capability === MOUNT) expect(usedBytes).toBe(1024n * MIB)
      },
    },
    {
      rpc: 'nodeUnpublishVolume',
      fields: (scene) => requests(scene, capability).unpublish,
      before: ({ world, disk }) => bringUp(world, disk, capability),
      check: async (scene) => {
        await call('nodeUnstageVolume', 'unstage')(scene)
        await down(scene)
      },
    },
    {
      rpc: 'nodeUnstageVolume',
      fields: (scene) => requests(scene, capability).unstage,
      before: async (scene) => {
        await bringUp(scene.world, scene.disk, capability)
        await call('nodeUnpublishVolume', 'unpublish')(scene)
      },
      check: down,
    },
  ]
}

function mortalParts(world: World, mortal: Mortal): NodeServiceOptions {
  const { groups, initiator, machine, records } = world.parts
  return {
    ...world.parts,
    groups: mortal.wrap(groups),
    initiator: mortal.wrap(initiator),
    machine: mortal.wrap(machine),
    records: mortal.wrap(records),
  }
}

async function scene(attach: AttachMode): Promise<Scene> {
  const world = await World.create(attach)
  return { world, disk: await world.disk() }
}

async function stepsOf(act: Act, attach: AttachMode): Promise<number> {
  const stage = await scene(attach)
  const mortal = new Mortal()
  await act.before(stage)
  await stage.world.call(act.rpc, act.fields(stage), mortalParts(stage.world, mortal))
  return mortal.steps
}

const KINDS = [
  { name: 'a mount volume', capability: MOUNT },
  { name: 'a block volume', capability: BLOCK },
]
const ATTACH_MODES: readonly AttachMode[] = ['controller', 'node']

describe.each(KINDS)('a process that dies at any step, with $name', ({ capability }) => {
  const cases = actsFor(capability).flatMap((act) =>
    ATTACH_MODES.map((attach) => ({ act, attach, rpc: act.rpc })),
  )

  test.each(cases)(
    'in $rpc (attach: $attach): the next call finishes, and nothing is left',
    async ({ act, attach }) => {
      const steps = await stepsOf(act, attach)
      expect(steps).toBeGreaterThan(1)
      for (let step = 1; step <= steps; step += 1) {
        for (const when of ['before', 'after'] as const) {
          const stage = await scene(attach)
          const mortal = new Mortal({ step, when })
          await act.before(stage)
          const cutOff = stage.world.call(act.rpc, act.fields(stage), mortalParts(stage.world, mortal))
          await expect(cutOff).rejects.toThrow()
          expect(mortal.dead).toBe(true)
          await stage.world.call(act.rpc, act.fields(stage))
          await act.check(stage)
          await takeDown(stage.world, stage.disk)
          expect(await stage.world.leftovers()).toEqual([])
        }
      }
    },
  )

  test.each(ATTACH_MODES)(
    'in NodeStageVolume (attach: %s): unstaging instead leaves nothing either',
    async (attach) => {
      const act = actsFor(capability)[0]!
      const steps = await stepsOf(act, attach)
      for (let step = 1; step <= steps; step += 1) {
        const stage = await scene(attach)
        await expect(
          stage.world.call(
            act.rpc,
            act.fields(stage),
            mortalParts(stage.world, new Mortal({ step, when: 'after' })),
          ),
        ).rejects.toThrow()
        await takeDown(stage.world, stage.disk)
        expect(await stage.world.leftovers()).toEqual([])
      }
    },
  )
})

test('a reboot of the node at any time is mended by staging and publishing again', async () => {
  const { world, disk } = await scene('controller')
  await bringUp(world, disk)
  world.machine.mounts.clear()
  world.initiator.forget()
  await expect(world.call('nodePublishVolume', requestsFor(world, disk).publish)).rejects.toMatchObject({
    reason: 'VOLUME_NOT_STAGED',
  })
  await bringUp(world, disk)
  await takeDown(world, disk)
  expect(await world.leftovers()).toEqual([])
})

test('after a reboot, unstaging without staging again leaves nothing', async () => {
  const { world, disk } = await scene('node')
  await bringUp(world, disk)
  world.machine.mounts.clear()
  world.initiator.forget()
  await takeDown(world, disk)
  expect(await world.leftovers()).toEqual([])
})

test('the capabilities are those that the driver promises', async () => {
  const world = await World.create()
  const { capabilities } = await world.call('nodeGetCapabilities')
  expect(capabilities.map(({ rpc }) => rpc?.type)).toEqual([
    'STAGE_UNSTAGE_VOLUME',
    'GET_VOLUME_STATS',
    'EXPAND_VOLUME',
    'SINGLE_NODE_MULTI_WRITER',
  ])
})

test('volume health is offered, and answered, only when it is switched on', async () => {
  const world = await World.create()
  const parts = { ...world.parts, volumeHealth: true }
  const { capabilities } = await world.call('nodeGetCapabilities', {}, parts)
  expect(capabilities.map(({ rpc }) => rpc?.type)).toEqual(
    expect.arrayContaining(['GET_VOLUME_HEALTH', 'GET_STORAGE_HEALTH']),
  )
  expect(await world.call('nodeGetStorageHealth', {}, parts)).toEqual({ backendHealth: [] })
  await expect(world.call('nodeGetStorageHealth')).rejects.toThrow(/not implemented/)
})

test('no record holds a secret of the connection', async () => {
  const { world, disk } = await scene('controller')
  await bringUp(world, disk)
  const { chap } = await world.groups.connection(disk.id, world.parts.nodeId)
  const record = await readFile(join(world.root, 'records', `${disk.id}.json`), 'utf8')
  expect(chap?.secret).toBeTruthy()
  expect(record).not.toContain(chap!.secret)
  expect(record).not.toContain(chap!.user)
})
