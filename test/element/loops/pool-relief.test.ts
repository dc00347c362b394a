import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../../src/database/open.ts'
import { createPoolRelief } from '../../../src/element/loops/pool-relief.ts'
import type { PoolState, RecoveryPoint, VolumeGroupId } from '../../../src/volumegroups/index.ts'
import { createVolumeGroups } from '../../../src/volumegroups/service.ts'
import { diskSpec } from '../../contract/volume-groups/helpers.ts'
import { createMemoryTarget } from '../../fakes/memory-target.ts'
import { createWorld } from '../../fakes/world.ts'

const RETENTION = { newest: 9, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, timeZone: 'UTC' }

/** An element whose pool is above its stop mark until only so many recovery points are left. */
async function staged() {
  const world = await createWorld()
  const database = await openDatabase(world.databasePath)
  let seconds = 0
  const now = () => new Date(Date.parse('2026-05-01T00:00:00Z') + 1000 * seconds++)
  const element = { name: 'element-1', site: 'site-1', version: '0.0.0' }
  const target = createMemoryTarget()
  const service = createVolumeGroups({ database, store: world.store, target, element, now })
  await service.start()
  onTestFinished(async () => {
    await service[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })
  const pool = { fits: 0, reclaimed: 0 }
  const lines: { msg: string; groupId: string; recoveryPointId: string; reason?: string }[] = []
  const points = async (): Promise<readonly RecoveryPoint[]> => (await service.listRecoveryPoints()).items
  const relief = createPoolRelief({
    reader: database.reader,
    groups: {
      lookAtPool: async () => {
        const state: PoolState = (await points()).length > pool.fits ? 'stopped' : 'warning'
        return { ...(await service.capacity()), state }
      },
      deleteRecoveryPoint: (id, call) => service.deleteRecoveryPoint(id, call),
    },
    store: {
      reclaim: async () => {
        pool.reclaimed += 1
      },
    },
    log: pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) }),
    now,
    restMs: 0,
  })
  const stop = new AbortController()
  const groupWith = async (name: string, expireEarly: boolean, minimumKept = 0): Promise<VolumeGroupId> => {
    const { groupId } = await service.createDisk(diskSpec(name))
    const policy = await service.createPolicy({
      ...{ name, project: '/', kind: 'snapshot', schedules: [{ kind: 'interval', everyMs: 3_600_000 }] },
      ...{ retention: { ...RETENTION, minimumKept }, lockMs: 0, expireEarly },
    })
    await service.assignPolicy({
      target: { kind: 'volumeGroup', id: groupId },
      kind: 'snapshot',
      policyId: policy.id,
    })
    return groupId
  }
  const point = (groupId: VolumeGroupId, name: string, lockedUntil?: Date) =>
    service.createScheduledPoint({ groupId, name, lockedUntil })
  return {
    ...{ service, pool, lines, points, groupWith, point },
    relieve: (state: PoolState) => relief.relieve(state, stop.signal),
    names: async () => (await points()).map(({ name }) => name).sort(),
  }
}

test('the oldest points go first, over all groups that allow it, until there is space; each with its reason', async () => {
  const { groupWith, point, pool, relieve, names, lines } = await staged()
  const [a, b, kept] = [
    await groupWith('a', true),
    await groupWith('b', true),
    await groupWith('kept', false),
  ]
  for (const [group, name] of [
    [kept, 'k1'],
    [kept, 'k2'],
    [a, 'a1'],
    [b, 'b1'],
    [a, 'a2'],
    [b, 'b2'],
    [b, 'b3'],
  ] as const) {
    await point(group, name)
  }
  pool.fits = 5
  await relieve('ok')
  await relieve('warning')
  expect(await names()).toHaveLength(7)
  await relieve('stopped')
  expect(await names()).toEqual(['a2', 'b2', 'b3', 'k1', 'k2'])
  expect(pool.reclaimed).toBe(2)
  expect(lines.map(({ msg, groupId }) => [msg, groupId])).toEqual(
    [a, b].map((id) => ['a recovery point was expired before its time, for space in the pool', id]),
  )
})

test('the minimum, the newest, what is locked and what a user made stay, however full it is', async () => {
  const { service, groupWith, point, relieve, names } = await staged()
  const [few, many] = [await groupWith('few', true, 3), await groupWith('many', true)]
  for (const name of ['f1', 'f2', 'f3', 'f4']) await point(few, name)
  await point(many, 'm1', new Date('2027-01-01'))
  for (const name of ['m2', 'm3']) await point(many, name)
  await service.createGroupPoint({ groupId: many, name: 'mine' })
  await relieve('paused')
  expect(await names()).toEqual(['f2', 'f3', 'f4', 'm1', 'm3', 'mine'])
})

test('a paused pool is reclaimed even where no policy lets points go', async () => {
  const { groupWith, point, pool, relieve, names } = await staged()
  const group = await groupWith('a', false)
  for (const name of ['a1', 'a2']) await point(group, name)
  await relieve('paused')
  expect(pool.reclaimed).toBe(1)
  expect(await names()).toEqual(['a1', 'a2'])
})

test('that points may go early is part of the policy, and shown with where it comes from', async () => {
  const { service, groupWith } = await staged()
  const [may, mayNot] = [await groupWith('may', true), await groupWith('may-not', false)]
  expect((await service.effectivePolicies(may)).snapshot).toMatchObject({
    policy: { expireEarly: true },
    from: { kind: 'volumeGroup', id: may },
  })
  expect((await service.effectivePolicies(mayNot)).snapshot.policy).not.toHaveProperty('expireEarly')
})
