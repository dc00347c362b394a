import { expect, test } from 'vitest'
import type { Disk, DiskId, Export, Finding, InitiatorId } from '../../../src/volumegroups/index.ts'
import {
  type Authority,
  diskIds,
  recoveryPointIds,
  StorageError,
  unquestionedAuthority,
} from '../../../src/volumegroups/index.ts'
import { contradictions } from '../../fakes/inspection.ts'
import { createMemoryPool, createMemoryStore } from '../../fakes/memory-store.ts'
import { createWorld, type Element } from '../../fakes/world.ts'

const MIB = 1024n * 1024n
const NODE = { initiatorId: 'guest' as InitiatorId, instance: 'boot', host: 'host' }

/** An element with two disks of one group, a recovery point, and both disks attached to one initiator. */
async function furnished() {
  const pool = createMemoryPool()
  const store = createMemoryStore(pool)
  const world = await createWorld(store)
  const element = await world.boot()
  const { service } = element
  const make = (name: string): Promise<Disk> =>
    service.createDisk({
      ...{ name, project: '/', group: { kind: 'named', name: 'shop' }, attributes: {} },
      size: { requiredBytes: MIB, limitBytes: undefined },
    })
  const [one, two] = [await make('one'), await make('two')]
  const point = await service.createGroupPoint({ name: 'point', groupId: one.groupId })
  const initiatorId = NODE.initiatorId
  await service.registerInitiator({ id: initiatorId, name: 'iqn.2026-01.test:guest', maxAttachments: 0 })
  for (const { id: diskId } of [one, two]) {
    await service.grant({ diskId, initiatorId, readOnly: false, shared: false })
  }
  const targetName = [...world.daemon.keys()][0] ?? ''
  return {
    ...{
      pool,
      store,
      world,
      element,
      service,
      one,
      two,
      point,
      targetName,
      group: pool.groups.get(one.groupId)!,
    },
    luns: world.daemon.get(targetName) as Map<number, Export>,
    [Symbol.asyncDispose]: async () => {
      await element[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

const sweep = async ({ service }: Element): Promise<readonly Finding[]> =>
  (await service.sweep(AbortSignal.timeout(10_000))).findings

const short = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ kind, action, entities, failure }) => `${kind} ${action} ${entities[0]}${failure?.reason ?? ''}`,
  )

/** One audit tells of it and changes nothing, one sweep deals with it, and the next finds nothing. */
async function expectDrift(element: Element, expected: readonly string[]): Promise<void> {
  expect(short((await element.service.audit()).findings)).toEqual(expected)
  expect(short(await sweep(element))).toEqual(expected)
  expect(await sweep(element)).toEqual([])
  const { findings, sweeps } = await element.service.audit()
  expect(findings).toEqual([])
  expect(short(sweeps[0]?.findings ?? [])).toEqual(expected)
}

test('where all agrees nothing is found', async () => {
  await using site = await furnished()
  expect(await sweep(site.element)).toEqual([])
  expect(await site.service.audit()).toMatchObject({ findings: [], count: 0, sweeps: [] })
})

test('a target that was changed by hand is as the database says again', async () => {
  await using site = await furnished()
  const { luns, targetName, element, one, two, world } = site
  const [exportOne, exportTwo] = [luns.get(one.lun)!, luns.get(two.lun)!]
  const before = await element.target.inspect()
  const changes: readonly (readonly [expected: string, change: () => void])[] = [
    [
      `accessChanged repaired ${targetName}`,
      () => luns.set(one.lun, { ...exportOne, initiatorName: 'iqn.x:y' }),
    ],
    [
      `accessChanged repaired ${targetName}`,
      () => luns.set(one.lun, { ...exportOne, chap: { user: 'x', secret: 'y' } }),
    ],
    [`lunMissing repaired ${two.id}`, () => luns.delete(two.lun)],
    [`lunUnknown repaired LUN 99`, () => luns.set(99, { ...exportTwo, lun: 99, serial: 'strange' })],
    [`lunChanged repaired ${one.id}`, () => luns.set(one.lun, { ...exportOne, backingPath: '/etc/passwd' })],
    [`lunChanged repaired ${one.id}`, () => luns.set(one.lun, { ...exportOne, serial: exportTwo.serial })],
    [`lunChanged repaired ${one.id}`, () => luns.set(one.lun, { ...exportOne, readOnly: true })],
    [`targetMissing repaired ${targetName}`, () => world.daemon.delete(targetName)],
    [
      'targetUnknown repaired iqn.x:strange',
      () => world.daemon.set('iqn.x:strange', new Map([[1, { ...exportOne, targetName: 'iqn.x:strange' }]])),
    ],
  ]
  for (const [expected, change] of changes) {
    const current = world.daemon.get(targetName)
    if (current !== luns && current) {
      luns.clear()
      for (const [lun, served] of current) luns.set(lun, served)
      world.daemon.set(targetName, luns)
    }
    change()
    await expectDrift(element, [expected])
    expect(await element.target.inspect()).toEqual(before)
  }
})

test('a disk whose data are gone is not served and says so, until they are back', async () => {
  await using site = await furnished()
  const { element, service, group, one, two, world, targetName } = site
  const data = group.active.disks.get(one.id)!
  group.active.disks.delete(one.id)
  expect(short(await sweep(element))).toEqual([`dataMissing quarantined ${one.id}`])
  expect([...(world.daemon.get(targetName)?.keys() ?? [])]).toEqual([two.lun])
  expect((await service.getDisk(one.id)).dataMissingSince).toBeInstanceOf(Date)
  const again = service.grant({
    diskId: one.id,
    initiatorId: NODE.initiatorId,
    readOnly: false,
    shared: false,
  })
  await expect(again).rejects.toMatchObject({ reason: 'DATA_MISSING' })
  expect(group.active.disks.has(one.id)).toBe(false)
  expect(short(await sweep(element))).toEqual([`dataMissing reported ${one.id}`])
  group.active.disks.set(one.id, data)
  await expectDrift(element, [`dataFound repaired ${one.id}`])
  expect((await service.getDisk(one.id)).dataMissingSince).toBeUndefined()
  expect([...(world.daemon.get(targetName)?.keys() ?? [])].sort()).toEqual([one.lun, two.lun])
  expect(await contradictions(site.world, site.element)).toEqual([])
})

test('a group that is gone with all it has comes back under its ids, its points with it', async () => {
  await using site = await furnished()
  const { element, service, pool, group, one, two, point, world } = site
  pool.groups.delete(one.groupId)
  expect(short(await sweep(element)).sort()).toEqual(
    [
      ...[`dataMissing quarantined ${one.groupId}`, `dataMissing quarantined ${one.id}`],
      ...[`dataMissing quarantined ${two.id}`, `pointMissing repaired ${point.id}`],
    ].sort(),
  )
  expect(world.daemon.size).toBe(0)
  expect(short(await sweep(element))).toHaveLength(3)
  pool.groups.set(one.groupId, group)
  const found = short(await sweep(element))
  expect(found).toContain(`dataFound repaired ${one.groupId}`)
  expect(found).toContain(`pointUnknown repaired ${point.id}`)
  expect(await sweep(element)).toEqual([])
  expect(await service.getRecoveryPoint(point.id)).toMatchObject({ name: 'point' })
  expect(await contradictions(site.world, site.element)).toEqual([])
  expect((await service.listRecoveries()).items.map(({ isRestored }) => isRestored)).toEqual([false, false])
})

test('points: a row without data goes, data without a row are known again, and what nobody knows is put aside', async () => {
  await using site = await furnished()
  const { element, group, point, pool } = site
  const data = group.points.get(point.id)!
  group.points.delete(point.id)
  await expectDrift(element, [`pointMissing repaired ${point.id}`])
  group.points.set(point.id, data)
  await expectDrift(element, [`pointUnknown repaired ${point.id}`])
  const stray = diskIds.create()
  group.active.disks.set(stray, [...group.active.disks.values()][0]!)
  await expectDrift(element, [`dataUnknown quarantined ${stray}`])
  expect(pool.quarantine.size).toBe(1)
  const empty = recoveryPointIds.create()
  group.points.set(empty, { disks: new Map(), manifest: undefined })
  await expectDrift(element, [`dataUnknown quarantined ${empty}`])
})

test('a damaged manifest is written anew', async () => {
  await using site = await furnished()
  site.store.damageManifest(site.one.groupId)
  await expectDrift(site.element, [`manifestWrong repaired ${site.one.groupId}`])
})

test('a pool that is not there is no proof of anything', async () => {
  await using site = await furnished()
  site.pool.groups.clear()
  site.pool.owner = undefined
  await expect(sweep(site.element)).rejects.toMatchObject({ reason: 'POOL_UNUSABLE' })
  expect((await site.service.getDisk(site.one.id)).dataMissingSince).toBeUndefined()
})

test('a node that serves what it should not is told of when that lasts', async () => {
  await using site = await furnished()
  const { service, element, one, two } = site
  const strange = diskIds.create()
  await service.renewLease({ ...NODE, serves: [one.id, strange] })
  expect(short((await service.audit()).findings)).toEqual([`nodeHolds reported ${strange}`])
  expect(await sweep(element)).toEqual([])
  expect(short(await sweep(element))).toEqual([`nodeHolds reported ${strange}`])
  await service.renewLease({ ...NODE, serves: [one.id, two.id] })
  expect(await sweep(element)).toEqual([])
  await service.renewLease({ ...NODE, serves: [one.id, strange] as DiskId[] })
  site.world.pass(60_000)
  expect((await service.audit()).findings).toEqual([])
})

test('what an operation has in hand is left to it', async () => {
  const pool = createMemoryPool()
  const store = createMemoryStore(pool)
  await using world = await createWorld(store)
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using element = await world.boot({
    wrap: (parts) => ({
      ...parts,
      store: {
        ...parts.store,
        deleteDisk: async (...args) => {
          await parts.store.deleteDisk(...args)
          reached.resolve()
          await go.promise
        },
      },
    }),
  })
  const { service } = element
  const disk = await service.createDisk({
    ...{ name: 'one', project: '/', group: { kind: 'own' }, attributes: {} },
    size: { requiredBytes: MIB, limitBytes: undefined },
  })
  const deleted = service.deleteDisk(disk.id)
  await reached.promise
  expect((await service.audit()).findings).toEqual([])
  expect(await sweep(element)).toEqual([])
  go.resolve()
  await deleted
  expect(await sweep(element)).toEqual([])
})

test('nothing is repaired without authority', async () => {
  let isHeld = true
  await using world = await createWorld()
  const authority: Authority = {
    ...unquestionedAuthority(new Date()),
    check: () => {
      if (!isHeld) throw new StorageError('AUTHORITY_LOST', 'it was taken away')
    },
  }
  await using element = await world.boot({ authority })
  expect(await sweep(element)).toEqual([])
  isHeld = false
  await expect(sweep(element)).rejects.toMatchObject({ reason: 'AUTHORITY_LOST' })
})
