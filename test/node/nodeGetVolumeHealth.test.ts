import { describe, expect, test } from 'vitest'
import type { VolumeHealthVolumeHealthEntry } from '../../src/csi/messages.ts'
import { type Disk, diskIds, StorageError } from '../../src/volumegroups/index.ts'
import { BLOCK, bringUp, MOUNT, takeDown, World } from './support.ts'

async function published(capability: object = MOUNT) {
  const world = await World.create()
  const disk = await world.disk()
  await bringUp(world, disk, capability)
  return { world, disk }
}

/** Asked with nothing but the volume's id, as the CO may do. */
async function faultsOf(world: World, disk: Disk): Promise<readonly VolumeHealthVolumeHealthEntry[]> {
  const parts = { ...world.parts, volumeHealth: true }
  const { volumeHealth } = await world.call('nodeGetVolumeHealth', { volumeId: disk.id }, parts)
  expect(volumeHealth?.volumeId).toBe(disk.id)
  return volumeHealth!.healthStatuses
}

const inaccessible = (reason: string, message: RegExp = /./) => ({
  status: 'INACCESSIBLE',
  reason,
  message: expect.stringMatching(message),
})

describe.each([
  ['a file system', MOUNT],
  ['a block volume', BLOCK],
])('%s', (_, capability) => {
  test('is well while it is connected, and once it was taken down', async () => {
    const { world, disk } = await published(capability)
    expect(await faultsOf(world, disk)).toEqual([])
    await takeDown(world, disk)
    expect(await faultsOf(world, disk)).toEqual([])
  })

  test.each([
    ['reconnecting', 'SessionReconnecting'],
    ['failed', 'SessionFailed'],
  ] as const)('is inaccessible while its session is %s, and well again after', async (state, reason) => {
    const { world, disk } = await published(capability)
    world.initiator.lost.set(disk.id, { state, detail: 'no route' })
    expect(await faultsOf(world, disk)).toEqual([inaccessible(reason, /no route$/)])
    world.initiator.lost.clear()
    expect(await faultsOf(world, disk)).toEqual([])
  })
})

test('is degraded while not all paths to the disk work', async () => {
  const { world, disk } = await published()
  const session = { state: 'connected', detail: '', paths: { up: 1, expected: 2 } } as const
  world.initiator.lost.set(disk.id, session)
  const message = expect.stringMatching(/^1 of 2 paths/)
  expect(await faultsOf(world, disk)).toEqual([{ status: 'DEGRADED', reason: 'PathsLost', message }])
  world.initiator.lost.set(disk.id, { ...session, paths: { up: 2, expected: 2 } })
  expect(await faultsOf(world, disk)).toEqual([])
})

test('the session of another volume is none of its business', async () => {
  const { world, disk } = await published()
  world.initiator.lost.set(diskIds.create(), { state: 'failed', detail: '' })
  expect(await faultsOf(world, disk)).toEqual([])
})

test('after a reboot of the node all that is gone is named, each for itself', async () => {
  const { world, disk } = await published()
  world.machine.mounts.clear()
  world.initiator.forget()
  expect(await faultsOf(world, disk)).toEqual([inaccessible('DeviceGone'), inaccessible('MountGone')])
})

test('a dead mount is inaccessible beside the session that failed', async () => {
  const { world, disk } = await published()
  world.machine.dead.add(world.staging)
  expect(await faultsOf(world, disk)).toEqual([inaccessible('MountDead')])
  world.initiator.lost.set(disk.id, { state: 'failed', detail: 'abandoned' })
  expect(await faultsOf(world, disk)).toEqual([inaccessible('SessionFailed'), inaccessible('MountDead')])
})

test('what can not be found out is an error, not health', async () => {
  const { world, disk } = await published()
  world.machine.usage = async () => {
    throw new StorageError('STEP_TIMED_OUT', 'the mount did not answer')
  }
  await expect(faultsOf(world, disk)).rejects.toMatchObject({ reason: 'STEP_TIMED_OUT' })
})

test.each([
  ['no volume id', '', 'invalid_request'],
  ['a foreign volume id', 'none-exist-id', 'not_found'],
  ['a volume that does not exist', diskIds.create(), 'not_found'],
])('%s', async (_, volumeId, kind) => {
  const world = await World.create()
  const parts = { ...world.parts, volumeHealth: true }
  await expect(world.call('nodeGetVolumeHealth', { volumeId }, parts)).rejects.toMatchObject({ kind })
})
