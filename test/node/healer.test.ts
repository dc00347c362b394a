import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Healer } from '../../src/node/healer.ts'
import { createNodeMetrics } from '../../src/node/metrics.ts'
import { InFlight } from '../../src/rpc/in-flight.ts'
import { type DiskId, StorageError } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp, requestsFor, takeDown, World } from './support.ts'

/** A healer on a node that the element tells what it holds; it looks when it is told to. */
function healerOn(world: World, holds: () => readonly DiskId[] | undefined) {
  const parts = { ...world.parts, lease: { check: async () => {}, holds: async () => holds() } }
  const inFlight = new InFlight(8)
  const log = pino({ level: 'silent' })
  const healer = new Healer({ parts, inFlight, log, everyMs: 3_600_000 })
  onTestFinished(() => healer[Symbol.asyncDispose]())
  return { healer, inFlight }
}

describe('a disk that this node has lost', () => {
  test('is failed and, where nobody uses it, taken down; it is told until it is staged anew', async () => {
    const world = await World.create()
    const disk = await world.disk()
    const { stage } = requestsFor(world, disk)
    await world.call('nodeStageVolume', stage)
    const parts = { ...world.parts, volumeHealth: true }
    const { healer } = healerOn(world, () => [])
    expect(await healer.look()).toMatchObject({ isHeard: true, sessions: [{ state: 'failed' }] })
    expect(await world.initiator.list()).toEqual([])
    expect([...world.machine.mounts.keys()]).toEqual([])
    const health = await world.call('nodeGetVolumeHealth', { volumeId: disk.id }, parts)
    expect(health.volumeHealth?.healthStatuses[0]).toMatchObject({ reason: 'DeviceGone' })
    await world.call('nodeStageVolume', stage)
    expect(await healerOn(world, () => [disk.id]).healer.look()).toMatchObject({
      sessions: [{ state: 'connected' }],
    })
    await takeDown(world, disk)
    expect(await world.leftovers()).toEqual([])
  })

  test('stays where it is used, failed, until its users have left', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await bringUp(world, disk)
    const { healer } = healerOn(world, () => [])
    await healer.look()
    expect(await world.initiator.sessions()).toMatchObject([{ state: 'failed' }])
    await world.call('nodeUnpublishVolume', requestsFor(world, disk).unpublish)
    await healer.look()
    expect(await world.initiator.list()).toEqual([])
  })

  test('is left alone while a call works on it', async () => {
    const world = await World.create()
    const disk = await world.disk()
    await world.call('nodeStageVolume', requestsFor(world, disk, BLOCK).stage)
    const { healer, inFlight } = healerOn(world, () => [])
    await inFlight.run('NodeUnstageVolume', `volume ${disk.id}`, () => healer.look())
    expect(await world.initiator.list()).toHaveLength(1)
  })
})

test('nothing is failed when the element does not answer, and the figures tell', async () => {
  const world = await World.create()
  const disk = await world.disk()
  await world.call('nodeStageVolume', requestsFor(world, disk).stage)
  const { healer } = healerOn(world, () => undefined)
  const report = await healer.look()
  expect(report).toMatchObject({ isHeard: false, sessions: [{ state: 'connected' }], faults: [] })
  const metrics = createNodeMetrics('1.2.3')
  metrics.looked(report!)
  const text = await metrics.registry.metrics()
  expect(text).toContain('mooring_node_disks{state="connected"} 1')
  expect(text).toContain('mooring_node_element_heard 0')
})

test('a disk that failed is attached anew by the next stage', async () => {
  const world = await World.create()
  const disk = await world.disk()
  const { stage } = requestsFor(world, disk)
  await world.call('nodeStageVolume', stage)
  const before = await world.initiator.find(disk.id)
  await world.initiator.lose(disk.id, 'it was taken')
  await world.call('nodeStageVolume', stage)
  expect(await world.initiator.find(disk.id)).not.toEqual(before)
  expect(await world.initiator.sessions()).toMatchObject([{ state: 'connected' }])
})

test('nothing is staged while another machine is this node', async () => {
  const world = await World.create()
  const disk = await world.disk()
  const check = () => Promise.reject(new StorageError('LEASE_HELD', 'host-2 is node-1'))
  const parts = { ...world.parts, lease: { check, holds: async () => undefined } }
  const staged = world.call('nodeStageVolume', requestsFor(world, disk).stage, parts)
  await expect(staged).rejects.toMatchObject({ reason: 'LEASE_HELD' })
  expect(await world.initiator.list()).toEqual([])
})
