import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/open.ts'
import { StorageError, type VolumeGroups } from '../../src/volumegroups/index.ts'
import { createVolumeGroups } from '../../src/volumegroups/service.ts'
import { addInitiator, attach, diskSpec, MiB, refused } from '../contract/volume-groups/helpers.ts'
import { volumeGroupsContract } from '../contract/volume-groups.ts'
import { contradictions } from '../fakes/inspection.ts'
import { createInterruption } from '../fakes/interruption.ts'
import { createMemoryTarget } from '../fakes/memory-target.ts'
import { createWorld } from '../fakes/world.ts'

volumeGroupsContract('in-process on SQLite', async () => {
  const stage = await booted()
  return { groups: stage.service, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
})

async function booted() {
  const world = await createWorld()
  const element = await world.boot()
  return {
    ...{ world, element, service: element.service },
    [Symbol.asyncDispose]: async () => {
      await element[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

test('until it has started it says who it is, and nothing else', async () => {
  await using world = await createWorld()
  await using database = await openDatabase(world.databasePath)
  const element = { name: 'element-1', site: 'site-1', version: '0.0.0' }
  const target = createMemoryTarget()
  await using service = createVolumeGroups({ database, store: world.store, target, element })
  expect(await service.status()).toMatchObject({ ...element, state: 'starting' })
  await refused(service.listDisks(), 'NOT_READY')
  await refused(service.createDisk(diskSpec('a')), 'NOT_READY')
  await service.start()
  expect(await service.status()).toMatchObject({ state: 'ready' })
  await service[Symbol.asyncDispose]()
  await refused(service.createDisk(diskSpec('a')), 'NOT_READY')
})

test('a restart serves to each initiator what it was granted', async () => {
  await using stage = await booted()
  const { service, world } = stage
  const disk = await service.createDisk(diskSpec('a'))
  await addInitiator(service, 'node')
  await attach(service, disk.id, 'node')
  const served = structuredClone(world.daemon)
  world.daemon.clear() // the target's daemon was started anew
  await using next = await world.boot()
  expect(world.daemon).toEqual(served)
  expect(await next.service.exportsFromDatabase()).toHaveLength(1)
})

test('a name can be used again, with the same key, after its disk was deleted', async () => {
  await using stage = await booted()
  const { service } = stage
  const call = { idempotencyKey: 'pvc-1' }
  const first = await service.createDisk(diskSpec('pvc-1'), call)
  await service.deleteDisk(first.id)
  const second = await service.createDisk(diskSpec('pvc-1'), call)
  expect(second.id).not.toBe(first.id)
  expect(await service.createDisk(diskSpec('pvc-1'), call)).toEqual(second)
})

test('grant and revoke with keys used before do what they say', async () => {
  await using stage = await booted()
  const { service } = stage
  const { id: diskId } = await service.createDisk(diskSpec('a'))
  const { id: initiatorId } = await addInitiator(service, 'node')
  const spec = { diskId, initiatorId, readOnly: false, shared: false }
  for (let round = 0; round < 2; round += 1) {
    await service.grant(spec, { idempotencyKey: 'on' })
    expect((await service.getDisk(diskId)).attachedTo).toEqual(['node'])
    await service.revoke(diskId, initiatorId, { idempotencyKey: 'off' })
    expect((await service.getDisk(diskId)).attachedTo).toEqual([])
  }
})

test('a grant made again is served again, if the target has lost it', async () => {
  await using stage = await booted()
  const { service, world } = stage
  const disk = await service.createDisk(diskSpec('a'))
  await addInitiator(service, 'node')
  const attachment = await attach(service, disk.id, 'node')
  world.daemon.clear()
  expect(await attach(service, disk.id, 'node')).toEqual(attachment)
  expect([...world.daemon.keys()]).toEqual([attachment.targetName])
})

test('side by side, no more disks are granted than an initiator can hold', async () => {
  await using stage = await booted()
  const { service } = stage
  const names = ['a', 'b', 'c', 'd']
  const disks = await Promise.all(names.map((name) => service.createDisk(diskSpec(name))))
  await addInitiator(service, 'node', 2)
  const results = await Promise.allSettled(disks.map(({ id }) => attach(service, id, 'node')))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  for (const result of results) {
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ reason: 'ATTACHMENT_LIMIT_REACHED' })
  }
  expect([...stage.world.daemon.values()].flatMap((luns) => [...luns.keys()])).toHaveLength(2)
})

test('of two calls for one name at one time, one is busy and its retry finds the disk', async () => {
  await using stage = await booted()
  const { service } = stage
  const [first, second] = await Promise.allSettled([
    service.createDisk(diskSpec('a')),
    service.createDisk(diskSpec('a')),
  ])
  expect(first).toMatchObject({ status: 'fulfilled' })
  expect(second).toMatchObject({ status: 'rejected', reason: { reason: 'ENTITY_BUSY' } })
  expect((await service.createDisk(diskSpec('a'))).id).toBe((await service.listDisks()).items[0]?.id)
})

test("each initiator's secrets are its own, differ, and are in no operation", async () => {
  await using stage = await booted()
  const { service, world } = stage
  const secrets = new Set<string>()
  for (const name of ['n1', 'n2']) {
    const disk = await service.createDisk(diskSpec(name))
    const { id } = await addInitiator(service, name)
    await attach(service, disk.id, name)
    const { chap } = await service.connection(disk.id, id)
    for (const secret of [chap?.secret, chap?.mutual?.secret]) {
      expect(secret).toMatch(/^[A-Za-z0-9_-]{16,32}$/)
      secrets.add(secret as string)
    }
  }
  expect(secrets.size).toBe(4)
  using direct = new DatabaseSync(world.databasePath, { readOnly: true })
  const journal = JSON.stringify(direct.prepare('select * from operations').all())
  expect(journal).toContain('registerInitiator')
  for (const secret of secrets) expect(journal).not.toContain(secret)
})

test('what the store refuses is told with the step', async () => {
  await using world = await createWorld()
  const full = async () => {
    throw new StorageError('NO_SPACE', 'the pool is full')
  }
  await using element = await world.boot({
    wrap: (parts) => ({ ...parts, store: { ...parts.store, createDisk: full } }),
  })
  await refused(element.service.createDisk(diskSpec('a')), 'NO_SPACE', { step: 'create disk' })
  const { items } = await element.service.listOperations({ state: 'failed' })
  expect(items).toMatchObject([{ kind: 'createDisk', step: 'create disk', error: { reason: 'NO_SPACE' } }])
  expect(await world.store.inventory()).toEqual([])
})

describe('many callers at once', () => {
  const inOne = { kind: 'named', name: 'shared' } as const

  /** Disks of one group, each made, snapshotted, cloned, grown or deleted, side by side. */
  async function churn(service: VolumeGroups, name: string): Promise<void> {
    const disk = await service.createDisk(diskSpec(name, { group: inOne }))
    await attach(service, disk.id, 'node')
    await service.growDisk(disk.id, { requiredBytes: 32n * MiB, limitBytes: undefined })
    const point = await service.createRecoveryPoint({ name, diskIds: [disk.id], grouped: false })
    const source = { kind: 'recoveryPoint', recoveryPointId: point.id, diskId: disk.id } as const
    const size = { requiredBytes: undefined, limitBytes: undefined }
    await service.createDisk(diskSpec(`${name}-restored`, { source, size }))
    await service.revoke(disk.id, undefined)
    await service.deleteDisk(disk.id)
    await service.deleteRecoveryPoint(point.id)
    await service.createDisk(diskSpec(`${name}-last`, { group: inOne }))
  }

  const names = Array.from({ length: 12 }, (_, index) => `disk-${index}`)

  test('of one group: none loses what another did, in the database or the manifest', async () => {
    await using stage = await booted()
    const { service, world, element } = stage
    await service.createGroup({ name: 'shared', project: '/' })
    await addInitiator(service, 'node')
    await Promise.all(names.map((name) => churn(service, name)))
    expect(await contradictions(world, element)).toEqual([])
    expect((await service.listDisks()).items).toHaveLength(24)
  })

  test('the process dies in the midst of them: the next one leaves nothing half done', async () => {
    for (const atCall of [5, 50, 111, 160, 237, 301]) {
      await using world = await createWorld()
      const interruption = createInterruption()
      await using element = await world.boot({ wrap: interruption.wrap })
      await element.service.createGroup({ name: 'shared', project: '/' })
      await addInitiator(element.service, 'node')
      interruption.arm([atCall, atCall % 2 === 0 ? 'die before' : 'die after'])
      for (const name of names) churn(element.service, name).catch(() => {})
      await interruption.dead
      await element.database[Symbol.asyncDispose]() // a dead process holds no transaction open
      await using next = await world.boot()
      expect(await contradictions(world, next), `at call ${atCall}`).toEqual([])
      for (const state of ['running', 'undoing', 'faulted'] as const) {
        expect((await next.service.listOperations({ state })).items).toEqual([])
      }
    }
  })
})
