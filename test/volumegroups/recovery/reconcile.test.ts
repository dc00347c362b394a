import { copyFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Disk, DiskId, InitiatorId, VolumeGroupId } from '../../../src/volumegroups/index.ts'
import { contradictions } from '../../fakes/inspection.ts'
import { createInterruption } from '../../fakes/interruption.ts'
import { createMemoryPool, createMemoryStore } from '../../fakes/memory-store.ts'
import { createWorld, type Element, type World } from '../../fakes/world.ts'

const MIB = 1024n * 1024n

const diskIn = (name: string, group: string) => ({
  ...{ name, project: '/team/db', createProject: true, group: { kind: 'named', name: group } as const },
  ...{ size: { requiredBytes: MIB, limitBytes: undefined }, attributes: { claim: name } },
})

/** Two groups with two disks each, a recovery point, a policy on a project, and an attachment. */
async function furnished({ service }: Element): Promise<readonly Disk[]> {
  const disks: Disk[] = []
  for (const [name, group] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
    ['d', 'y'],
  ] as const) {
    disks.push(await service.createDisk(diskIn(name, group)))
  }
  const [first] = disks as [Disk]
  await service.createGroupPoint({ name: 'point', groupId: first.groupId })
  const retention = {
    ...{ newest: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    ...{ timeZone: 'UTC', minimumKept: 1 },
  }
  const settings = { kind: 'protection', remote: 'far', rpoMs: 60_000, remoteRetention: retention } as const
  const policy = await service.createPolicy({ name: 'safe', project: '/', ...settings })
  const target = { kind: 'project', path: '/team' } as const
  await service.assignPolicy({ target, kind: 'protection', policyId: policy.id })
  const initiatorId = 'guest' as InitiatorId
  await service.registerInitiator({ id: initiatorId, name: 'iqn.2026-01.test:guest', maxAttachments: 0 })
  await service.grant({ diskId: first.id, initiatorId, readOnly: false, shared: false })
  return disks
}

const memoryWorld = async () => {
  const pool = createMemoryPool()
  const store = createMemoryStore(pool)
  return { pool, store, world: await createWorld(store) }
}

test('a database that is lost is made anew from the manifests, down to the policies', async () => {
  const { world } = await memoryWorld()
  await using there = world
  let elementId: string
  let before: unknown
  {
    await using element = await world.boot()
    await furnished(element)
    elementId = element.database.elementId
    before = await told(element)
  }
  forget(world)
  await using element = await there.boot({ elementId })
  expect(await told(element)).toEqual(before)
  const [recovery] = (await element.service.listRecoveries()).items
  expect(recovery).toMatchObject({ isRestored: true, counts: { adoptGroup: 2, adoptDisk: 4, adoptPoint: 1 } })
  expect((await element.service.listInitiators()).items).toEqual([])
})

async function told({ service }: Element): Promise<unknown> {
  const groups = (await service.listGroups()).items
  return {
    groups,
    disks: (await service.listDisks()).items.map(({ attachedTo: _, ...disk }) => disk),
    points: (await service.listRecoveryPoints()).items,
    projects: (await service.listProjects({ under: '/' })).items,
    effective: await Promise.all(
      groups.map(async ({ id }) => (await service.effectivePolicies(id)).protection),
    ),
  }
}

function forget({ databasePath }: World): void {
  using database = new DatabaseSync(databasePath)
  const tables = database.prepare(`select name from sqlite_schema where type = 'table'`).all()
  database.exec('pragma foreign_keys = off')
  for (const { name } of tables) database.exec(`drop table if exists "${name}"`)
}

test('data that vanish are told and not served, refused in exact words, and served again when they are back', async () => {
  const { pool, world } = await memoryWorld()
  await using there = world
  let lost: VolumeGroupId
  let disk: DiskId
  const kept = new Map(pool.groups)
  {
    await using element = await world.boot()
    const [first] = (await furnished(element)) as [Disk]
    ;[lost, disk] = [first.groupId, first.id]
    expect(await element.service.exportsFromDatabase()).toHaveLength(1)
  }
  for (const [id, group] of pool.groups) kept.set(id, group)
  pool.groups.delete(lost)
  {
    await using element = await there.boot()
    const { service } = element
    expect(await service.exportsFromDatabase()).toEqual([])
    expect(world.daemon.size).toBe(0)
    expect((await service.getDisk(disk)).dataMissingSince).toBeInstanceOf(Date)
    expect((await service.getGroup(lost)).dataMissingSince).toBeInstanceOf(Date)
    const refused = { reason: 'DATA_MISSING', message: expect.stringContaining(disk) }
    const initiatorId = 'guest' as InitiatorId
    await expect(service.connection(disk, initiatorId)).rejects.toMatchObject(refused)
    await expect(
      service.grant({ diskId: disk, initiatorId, readOnly: false, shared: false }),
    ).rejects.toMatchObject(refused)
    await expect(
      service.growDisk(disk, { requiredBytes: 2n * MIB, limitBytes: undefined }),
    ).rejects.toMatchObject(refused)
    await expect(service.createGroupPoint({ name: 'p', groupId: lost })).rejects.toMatchObject({
      reason: 'DATA_MISSING',
    })
    await expect(service.createDisk(diskIn('e', 'x'))).rejects.toMatchObject({ reason: 'DATA_MISSING' })
  }
  pool.groups.set(lost, kept.get(lost) as never)
  await using element = await there.boot()
  expect((await element.service.getDisk(disk)).dataMissingSince).toBeUndefined()
  expect(await element.service.exportsFromDatabase()).toHaveLength(1)
  expect(await contradictions(world, element)).toEqual([])
})

test('a disk that is gone comes back from its newest recovery point, under its id, still granted', async () => {
  const { pool, store, world } = await memoryWorld()
  await using there = world
  let lost: Disk
  {
    await using element = await world.boot()
    const [first] = (await furnished(element)) as [Disk]
    lost = first
    await store.open(store.backingPath(lost.groupId, lost.id)).write(0, Buffer.from('after the point'))
  }
  pool.groups.get(lost.groupId)?.active.disks.delete(lost.id)
  await using element = await there.boot()
  expect((await element.service.getDisk(lost.id)).dataMissingSince).toBeUndefined()
  expect(await element.service.exportsFromDatabase()).toHaveLength(1)
  const [recovery] = (await element.service.listRecoveries()).items
  expect(recovery).toMatchObject({ isRestored: false, counts: { diskMissing: 1, restoreDisk: 1 } })
})

test('a name that another has by now is made another one; one whose data are missing makes room', async () => {
  const { pool, world } = await memoryWorld()
  await using there = world
  const copy = `${world.databasePath}.copy`
  {
    await using element = await world.boot()
    await furnished(element)
  }
  copyFileSync(world.databasePath, copy)
  {
    await using element = await world.boot()
    const { service } = element
    const gone = (await service.listDisks({ name: 'c' })).items[0] as Disk
    for (const { id } of (await service.listDisks({ groupId: gone.groupId })).items)
      await service.deleteDisk(id)
    await service.deleteGroup(gone.groupId)
    await service.createDisk(diskIn('c', 'y'))
  }
  copyFileSync(copy, world.databasePath)
  await using element = await there.boot()
  const named = (await element.service.listDisks({ name: 'c' })).items
  expect(named.map(({ dataMissingSince }) => dataMissingSince)).toEqual([undefined])
  expect(pool.groups.has((named[0] as Disk).groupId)).toBe(true)
  expect((await element.service.listGroups({ name: 'y' })).items).toMatchObject([{ id: named[0]?.groupId }])
})

test('the pool of another element is refused, and nothing in it is touched', async () => {
  const { pool, world } = await memoryWorld()
  await using there = world
  {
    await using element = await there.boot()
    await furnished(element)
  }
  await using other = await createWorld(createMemoryStore(pool))
  await expect(other.boot()).rejects.toMatchObject({ reason: 'POOL_UNUSABLE' })
  expect(pool.quarantine.size).toBe(0)
})

test('a process that dies between the manifest and its commit leaves nothing to decide: it is committed', async () => {
  const seals: string[] = []
  for (let atCall = 1; atCall <= 6; atCall += 1) {
    const { world } = await memoryWorld()
    await using there = world
    const interruption = createInterruption()
    const element = await there.boot({ wrap: interruption.wrap })
    interruption.arm([atCall, 'die after'])
    const call = element.service.createDisk(diskIn('a', 'x'), { idempotencyKey: 'key' }).catch(() => {})
    await Promise.race([interruption.dead, call])
    if (interruption.hits[0] !== 'writeManifest') continue
    await using next = await there.boot()
    expect(next.report).toBeUndefined()
    const [disk] = (await next.service.listDisks()).items
    expect(await next.service.createDisk(diskIn('a', 'x'), { idempotencyKey: 'key' })).toEqual(disk)
    seals.push(disk?.id ?? '')
  }
  expect(seals).toEqual([expect.stringMatching(/^disk-/)])
})

test('whatever is dropped, damaged or put back: nothing hangs in the air, and the next start has nothing to do', async () => {
  const harm = fc.record({
    lostGroups: fc.subarray([0, 1]),
    lostDisks: fc.subarray([0, 1, 2, 3]),
    damaged: fc.subarray([0, 1]),
    lostPoints: fc.boolean(),
    database: fc.constantFrom('kept', 'old', 'lost' as const),
  })
  await fc.assert(
    fc.asyncProperty(harm, async ({ lostGroups, lostDisks, damaged, lostPoints, database }) => {
      const { pool, store, world } = await memoryWorld()
      await using there = world
      const old = `${world.databasePath}.old`
      let elementId: string
      let disks: readonly Disk[]
      {
        await using element = await world.boot()
        elementId = element.database.elementId
      }
      copyFileSync(world.databasePath, old)
      {
        await using element = await world.boot()
        disks = await furnished(element)
      }
      if (database === 'old') copyFileSync(old, world.databasePath)
      if (database === 'lost') forget(world)
      for (const at of lostDisks) {
        const { groupId, id } = disks[at] as Disk
        pool.groups.get(groupId)?.active.disks.delete(id)
      }
      const groups = [disks[0], disks[2]].map((disk) => (disk as Disk).groupId)
      for (const at of damaged) store.damageManifest(groups[at] as VolumeGroupId)
      if (lostPoints) for (const { points } of pool.groups.values()) points.clear()
      for (const at of lostGroups) pool.groups.delete(groups[at] as VolumeGroupId)
      const held = [...pool.groups].flatMap(([, { active }]) => [...active.disks.keys()])
      {
        await using element = await there.boot({ elementId })
        for (const id of held) {
          const disk = await element.database.reader.disk(id)
          const isAside = JSON.stringify([...pool.quarantine.keys()]).includes('vg-') && disk === undefined
          expect(disk !== undefined || isAside || pool.quarantine.has(id)).toBe(true)
        }
      }
      await using again = await there.boot({ elementId })
      expect(again.report).toBeUndefined()
      expect(await contradictions(world, again)).toEqual([])
    }),
    { numRuns: 40 },
  )
})
