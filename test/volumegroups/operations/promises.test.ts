import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/database/open.ts'
import { createVolumeGroups } from '../../../src/volumegroups/service.ts'
import { diskSpec, MiB } from '../../contract/volume-groups/helpers.ts'
import { createMemoryPool, createMemoryStore } from '../../fakes/memory-store.ts'
import { createMemoryTarget } from '../../fakes/memory-target.ts'
import { createWorld } from '../../fakes/world.ts'

/** An element that may promise 100 MiB. */
async function booted() {
  const world = await createWorld(createMemoryStore(createMemoryPool(100n * MiB)))
  const database = await openDatabase(world.databasePath)
  const service = createVolumeGroups({
    ...{ database, store: world.store, target: createMemoryTarget() },
    element: { name: 'element-1', site: 'site-1', version: '0.0.0' },
    marks: { overcommit: 1, warnAt: 0.8, stopAt: 0.95, reserveBytes: MiB },
  })
  await service.start()
  return {
    service,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

const sized = (name: string, mib: bigint) => ({
  ...diskSpec(name),
  size: { requiredBytes: mib * MiB, limitBytes: undefined },
})

async function outcomes(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const ended = await Promise.allSettled(calls)
  return ended.map((one) => (one.status === 'fulfilled' ? 'made' : one.reason.reason)).sort()
}

test('of two disks of which one fits, made at once, one is made', async () => {
  await using stage = await booted()
  const { service } = stage
  for (let round = 0; round < 10; round++) {
    const names = [`a-${round}`, `b-${round}`]
    expect(await outcomes(names.map((name) => service.createDisk(sized(name, 60n))))).toEqual([
      'NO_SPACE',
      'made',
    ])
    const { items } = await service.listDisks()
    expect(items).toHaveLength(1)
    await service.deleteDisk(items[0]!.id)
  }
})

test('many disks, growths and restores at once are promised no more than there is, and no less', async () => {
  await using stage = await booted()
  const { service } = stage
  const disk = await service.createDisk(sized('first', 10n))
  const point = await service.createGroupPoint({ groupId: disk.groupId, name: 'point' })
  const restore = (name: string) => service.restoreGroup(point.id, { name, project: '/' })
  const grow = service.growDisk(disk.id, { requiredBytes: 20n * MiB, limitBytes: undefined })
  const made = Array.from({ length: 8 }, (_, index) => service.createDisk(sized(`disk-${index}`, 10n)))
  const ended = await outcomes([grow, restore('one'), ...made, restore('two'), restore('three')])
  expect(ended.filter((one) => one === 'made')).toHaveLength(9)
  expect(new Set(ended)).toEqual(new Set(['made', 'NO_SPACE']))
  expect(await service.capacity()).toMatchObject({ promisedBytes: 100n * MiB })
})

test('what was refused or undone is promised no longer', async () => {
  await using stage = await booted()
  const { service } = stage
  await expect(service.createDisk(sized('large', 101n))).rejects.toMatchObject({ reason: 'NO_SPACE' })
  expect(await outcomes([service.createDisk(sized('whole', 100n))])).toEqual(['made'])
})
