import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/database/open.ts'
import { createMetrics, measureSchedules } from '../../../src/element/index.ts'
import { createScheduler } from '../../../src/element/loops/scheduler.ts'
import {
  type Database,
  type PolicySpec,
  type PolicyTarget,
  type Retention,
  StorageError,
  type Store,
  type VolumeGroupId,
} from '../../../src/volumegroups/index.ts'
import { createVolumeGroups } from '../../../src/volumegroups/service.ts'
import { diskSpec } from '../../contract/volume-groups/helpers.ts'
import { createMemoryPool, createMemoryStore } from '../../fakes/memory-store.ts'
import { createMemoryTarget } from '../../fakes/memory-target.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ROOT: PolicyTarget = { kind: 'project', path: '/' }

const keep = (some: Partial<Retention>): Retention => ({
  ...{ newest: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
  ...{ timeZone: 'UTC', minimumKept: 0, ...some },
})

type Settings = Extract<PolicySpec, { kind: 'snapshot' }>
const hourly = (more: Partial<Settings> = {}): Settings => ({
  ...{ name: 'hourly', project: '/', kind: 'snapshot', lockMs: 0 },
  schedules: [{ kind: 'interval', everyMs: HOUR_MS }],
  retention: keep({ newest: 3 }),
  ...more,
})

interface Wrapped {
  readonly store?: (store: Store) => Store
  readonly database?: (database: Database) => Database
}

/** An element with a clock that stands still unless it is moved, and a scheduler that looks only when told to. */
async function staged(wrap: Wrapped = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-'))
  const database = await openDatabase(join(directory, 'element.db'))
  const store = createMemoryStore(createMemoryPool(1024n ** 5n))
  const clock = { nowMs: Date.parse('2027-03-01T10:20:30Z') }
  const now = () => new Date(clock.nowMs)
  const service = createVolumeGroups({
    ...{ database, target: createMemoryTarget(), now },
    store: wrap.store?.(store) ?? store,
    element: { name: 'element-1', site: 'site-1', version: '0.0.0' },
  })
  await service.start()
  const schedulerOn = (database: Database, concurrency = 2) =>
    createScheduler({
      ...{ database, groups: service, log: pino({ level: 'silent' }), now },
      ...{ everyMs: Infinity, concurrency, limitMs: 500 },
    })
  const scheduler = schedulerOn(wrap.database?.(database) ?? database)
  const pass = async (ms: number) => {
    clock.nowMs += ms
    await scheduler.tick()
  }
  const pointsOf = async (groupId: VolumeGroupId) => (await service.listRecoveryPoints({ groupId })).items
  const protect = async (spec: PolicySpec, target = ROOT) => {
    const policy = await service.createPolicy(spec)
    await service.assignPolicy({ target, kind: policy.kind, policyId: policy.id })
    await scheduler.tick()
    return policy
  }
  return {
    ...{ database, service, scheduler, schedulerOn, clock, now, pass, pointsOf, protect },
    [Symbol.asyncDispose]: async () => {
      await scheduler[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

describe('points', () => {
  test('are made when they are due, of all disks, those made since included, and kept as the policy says', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, protect } = stage
    const first = await service.createDisk(diskSpec('a', { group: { kind: 'named', name: 'g' } }))
    await protect(hourly())
    expect(await pointsOf(first.groupId)).toEqual([])
    await pass(HOUR_MS)
    const second = await service.createDisk(diskSpec('b', { group: { kind: 'named', name: 'g' } }))
    await pass(HOUR_MS)
    const made = await pointsOf(first.groupId)
    expect(made.map(({ disks }) => disks.length)).toEqual([1, 2])
    expect(made[1]).toMatchObject({ reason: 'schedule', grouped: true, lockedUntil: undefined })
    expect(made[1]?.disks.map(({ diskId }) => diskId)).toContain(second.id)
    for (let hour = 0; hour < 4; hour += 1) await pass(HOUR_MS)
    const kept = await pointsOf(first.groupId)
    expect(kept).toHaveLength(3)
    expect(await service.getSchedule(first.groupId)).toMatchObject({
      lastPointAt: kept.at(-1)?.createdAt,
      missed: undefined,
    })
  })

  test('are made once after a downtime, and go on from there', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, protect, now } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly())
    await pass(30 * DAY_MS)
    await pass(1000)
    expect(await pointsOf(groupId)).toHaveLength(1)
    const { dueAt } = await service.getSchedule(groupId)
    expect(dueAt!.getTime() - now().getTime()).toBeGreaterThan(0)
    expect(dueAt!.getTime() - now().getTime()).toBeLessThanOrEqual(HOUR_MS)
  })

  test('go on being made when the clock is set back', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly())
    for (let hour = 0; hour < 3; hour += 1) await pass(HOUR_MS)
    await pass(-10 * DAY_MS)
    for (let hour = 0; hour < 2; hour += 1) await pass(HOUR_MS)
    // The three of the future stay, and take no other's place.
    expect(await pointsOf(groupId)).toHaveLength(5)
  })

  test('of many groups are made so many at once, and of one group one at once', async () => {
    const busy = { now: 0, most: 0, groups: new Set<string>() }
    await using stage = await staged({
      store: (store) => ({
        ...store,
        createRecoveryPoint: async (group, ...rest) => {
          expect(busy.groups.has(group)).toBe(false)
          busy.groups.add(group)
          busy.most = Math.max(busy.most, busy.groups.size)
          await sleep(5)
          await store.createRecoveryPoint(group, ...rest)
          busy.groups.delete(group)
        },
      }),
    })
    const { service, scheduler, clock, protect } = stage
    for (let index = 0; index < 8; index += 1) await service.createDisk(diskSpec(`disk-${index}`))
    await protect(hourly())
    clock.nowMs += HOUR_MS
    await Promise.all([scheduler.tick(), scheduler.tick(), scheduler.tick()])
    expect((await service.listRecoveryPoints()).items).toHaveLength(8)
    expect(busy.most).toBe(2)
  })

  test('are not made twice when the process ends before it has written down that it made one', async () => {
    let fails = false
    await using stage = await staged({
      database: (database) => ({
        ...database,
        transact: (change) => (fails ? Promise.reject(new Error('gone')) : database.transact(change)),
      }),
    })
    const { service, database, schedulerOn, clock, pass, pointsOf, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly())
    fails = true
    await pass(HOUR_MS)
    expect(await pointsOf(groupId)).toHaveLength(1)
    clock.nowMs += 1000
    await using next = schedulerOn(database)
    await next.tick()
    expect(await pointsOf(groupId)).toHaveLength(1)
    expect((await service.getSchedule(groupId)).lastPointAt).toEqual(new Date(clock.nowMs))
  })
})

test('a look at which nothing is due writes nothing', async () => {
  let writes = 0
  await using stage = await staged({
    database: (database) => ({
      ...database,
      transact: (change) => {
        writes += 1
        return database.transact(change)
      },
    }),
  })
  const { service, pass, protect } = stage
  for (let index = 0; index < 5; index += 1) await service.createDisk(diskSpec(`disk-${index}`))
  await service.createGroup({ name: 'empty', project: '/' })
  await protect(hourly())
  await pass(HOUR_MS)
  writes = 0
  for (let looks = 0; looks < 20; looks += 1) await pass(1000)
  expect(writes).toBe(0)
})

describe('a point that could not be made', () => {
  test('is missed since it was due, with the reason, and tried again until it is there', async () => {
    let isFull = true
    await using stage = await staged({
      store: (store) => ({
        ...store,
        createRecoveryPoint: async (...args) => {
          if (isFull) throw new StorageError('NO_SPACE', 'the pool is full')
          await store.createRecoveryPoint(...args)
        },
      }),
    })
    const { service, pass, pointsOf, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly())
    const { dueAt } = await service.getSchedule(groupId)
    await pass(HOUR_MS)
    const missed = { since: dueAt, reason: 'NO_SPACE', message: 'the pool is full' }
    expect((await service.getSchedule(groupId)).missed).toEqual(missed)
    for (let hour = 0; hour < 3; hour += 1) await pass(HOUR_MS)
    expect((await service.getSchedule(groupId)).missed).toEqual(missed)
    isFull = false
    await pass(10 * 60_000)
    expect((await service.getSchedule(groupId)).missed).toBeUndefined()
    expect(await pointsOf(groupId)).toHaveLength(1)
  })

  test('is missed also when nobody has tried yet', async () => {
    await using stage = await staged()
    const { service, clock, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly())
    const { dueAt } = await service.getSchedule(groupId)
    clock.nowMs += HOUR_MS + 180_000
    expect((await service.getSchedule(groupId)).missed).toMatchObject({
      since: dueAt,
      reason: 'POINT_OVERDUE',
    })
  })

  test('holds nothing up: the wait for it ends, and the others go on', async () => {
    const stuck = Promise.withResolvers<void>()
    let stuckGroup: string | undefined
    await using stage = await staged({
      store: (store) => ({
        ...store,
        createRecoveryPoint: async (group, ...rest) => {
          if (group === stuckGroup) await stuck.promise
          await store.createRecoveryPoint(group, ...rest)
        },
      }),
    })
    const { service, pass, pointsOf, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    const other = await service.createDisk(diskSpec('b'))
    stuckGroup = groupId
    await protect(hourly())
    await pass(HOUR_MS)
    expect((await service.getSchedule(groupId)).missed).toMatchObject({ reason: 'DEADLINE_EXCEEDED' })
    expect(await pointsOf(other.groupId)).toHaveLength(1)
    stuck.resolve()
    await expect.poll(() => pointsOf(groupId)).toHaveLength(1)
    await pass(60_000)
    expect(await service.getSchedule(groupId)).toMatchObject({ missed: undefined })
    expect(await pointsOf(groupId)).toHaveLength(1)
  })
})

describe('a change of policy', () => {
  test('takes effect at the next look, for what is due and for what is kept', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, protect, now } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    const policy = await protect(hourly())
    for (let hour = 0; hour < 3; hour += 1) await pass(HOUR_MS)
    const daily = { kind: 'interval', everyMs: DAY_MS } as const
    const { kind, lockMs } = hourly()
    await service.updatePolicy(policy.id, {
      ...{ kind, lockMs, schedules: [daily], retention: keep({ newest: 1 }) },
    })
    await pass(1)
    expect(await pointsOf(groupId)).toHaveLength(1)
    const { dueAt } = await service.getSchedule(groupId)
    await pass(dueAt!.getTime() - now().getTime() - 1)
    expect(await pointsOf(groupId)).toHaveLength(1)
    expect((await service.getSchedule(groupId)).dueAt).toEqual(dueAt)
  })

  test.each(['group', 'project'] as const)(
    'by a move of the %s is seen at once, and takes effect at the next look, also for disks made later',
    async (what) => {
      await using stage = await staged()
      const { service, pass, pointsOf, protect } = stage
      const [from, to] = [await service.createProject('/from'), await service.createProject('/to')]
      const policy = await protect(hourly({ project: to.path }), { kind: 'project', path: to.path })
      const inGroup = { project: from.path, group: { kind: 'named', name: 'g' } } as const
      const { groupId } = await service.createDisk(diskSpec('a', inGroup))
      await pass(2 * HOUR_MS)
      expect(await pointsOf(groupId)).toEqual([])
      if (what === 'group') await service.moveGroup(groupId, to.path)
      else await service.moveProject(from.id, `${to.path}/from`)
      const { snapshot } = await service.effectivePolicies(groupId)
      expect(snapshot).toMatchObject({ policy: { id: policy.id }, from: { kind: 'project', path: to.path } })
      await pass(1)
      expect((await service.getSchedule(groupId)).policyId).toBe(policy.id)
      await service.createDisk(diskSpec('b', { group: { kind: 'existing', id: groupId } }))
      await pass(HOUR_MS)
      const [point] = await pointsOf(groupId)
      expect(point!.disks).toHaveLength(2)
    },
  )

  test('that takes it away leaves the points, and plans no more', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly())
    await pass(HOUR_MS)
    await service.unassignPolicy(ROOT, 'snapshot')
    for (let day = 0; day < 3; day += 1) await pass(DAY_MS)
    expect(await pointsOf(groupId)).toHaveLength(1)
    expect(await service.getSchedule(groupId)).toMatchObject({ policyId: undefined, dueAt: undefined })
  })
})

describe('expiry', () => {
  test('leaves what is locked until the lock ends', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, protect } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    await protect(hourly({ lockMs: 5 * HOUR_MS, retention: keep({ newest: 1 }) }))
    for (let hour = 0; hour < 4; hour += 1) await pass(HOUR_MS)
    expect(await pointsOf(groupId)).toHaveLength(4)
    for (let hour = 0; hour < 10; hour += 1) await pass(HOUR_MS)
    expect(await pointsOf(groupId)).toHaveLength(5)
  })

  test('of a point with a time of its own comes with that time, and needs no policy', async () => {
    await using stage = await staged()
    const { service, pass, pointsOf, now } = stage
    const { groupId } = await service.createDisk(diskSpec('a'))
    const expiresAt = new Date(now().getTime() + HOUR_MS)
    await service.createGroupPoint({ name: 'short', groupId, expiresAt })
    await service.createGroupPoint({ name: 'kept', groupId })
    await pass(HOUR_MS - 1)
    expect(await pointsOf(groupId)).toHaveLength(2)
    await pass(1)
    expect((await pointsOf(groupId)).map(({ name }) => name)).toEqual(['kept'])
  })

  test('of one point that fails is tried again later, and stops nothing else', async () => {
    let broken = true
    await using stage = await staged({
      store: (store) => ({
        ...store,
        writeManifest: async (manifest) => {
          if (broken && manifest.recoveryPoints.length === 0) throw new StorageError('STORE_FAILED', 'no')
          await store.writeManifest(manifest)
        },
      }),
    })
    const { service, pass, pointsOf, now } = stage
    broken = false
    const { groupId } = await service.createDisk(diskSpec('a', { group: { kind: 'named', name: 'g' } }))
    await service.createGroupPoint({ name: 'short', groupId, expiresAt: now() })
    broken = true
    await pass(1)
    broken = false
    await pass(1)
    expect(await pointsOf(groupId)).toHaveLength(1)
    await pass(60_000)
    expect(await pointsOf(groupId)).toEqual([])
  })
})

test('what was missed is listed over all groups, oldest first, and counted by reason', async () => {
  await using stage = await staged()
  const { service, clock, now, protect } = stage
  await protect(hourly())
  const ids: VolumeGroupId[] = []
  for (const name of ['a', 'b', 'c']) {
    const where = { project: `/${name}`, createProject: true, group: { kind: 'named', name } } as const
    ids.push((await service.createDisk(diskSpec(name, where))).groupId)
  }
  await stage.scheduler.tick()
  const all = (await service.listSchedules()).items
  expect(all.map(({ groupId }) => groupId).sort()).toEqual(ids.toSorted())
  expect(all.map(({ dueAt }) => dueAt)).toEqual(all.map(({ dueAt }) => dueAt).toSorted(byTime))
  expect((await service.listSchedules({ state: 'missed' })).items).toEqual([])
  expect(await service.missedSchedules()).toEqual([])

  const plan = await stage.database.reader.plan(ids[0]!)
  const failure = { reason: 'NO_SPACE', message: 'full' }
  await stage.database.transact((tx) => tx.putPlan({ ...plan!, failure, failures: 1 }))
  clock.nowMs += 2 * HOUR_MS // nobody looks
  const missed: (typeof all)[number][] = []
  let token: string | undefined
  do {
    const page = await service.listSchedules({ state: 'missed', limit: 1, token })
    missed.push(...page.items)
    token = page.nextToken
  } while (token !== undefined)
  expect(missed.map(({ groupId }) => groupId)).toEqual(all.map(({ groupId }) => groupId))
  expect((await service.listSchedules({ state: 'kept' })).items).toEqual([])
  const counted = (await service.missedSchedules()).toSorted((a, b) => (a.reason < b.reason ? -1 : 1))
  expect(counted).toEqual([
    { reason: 'NO_SPACE', count: 1, since: plan!.dueAt },
    { reason: 'POINT_OVERDUE', count: 2, since: expect.any(Date) },
  ])
  const metrics = createMetrics('1')
  measureSchedules(metrics, () => service.missedSchedules())
  const text = await metrics.registry.metrics()
  expect(text).toContain('mooring_rpo_missed{reason="POINT_OVERDUE"} 2')
  expect(text).toContain('mooring_rpo_missed{reason="NO_SPACE"} 1')
  const oldest = Math.min(...all.map(({ dueAt }) => dueAt!.getTime())) / 1000
  expect(text).toContain(`mooring_rpo_missed_since_timestamp_seconds ${oldest}`)

  const project = (await service.listProjects({ path: '/a' })).items[0]!
  const caller = { id: 'token', projectId: project.id, initiatorId: undefined }
  expect((await service.listSchedules({}, { caller })).items.map(({ groupId }) => groupId)).toEqual([ids[0]])

  await stage.scheduler.tick()
  await stage.pass(HOUR_MS / 4)
  expect(now().getTime()).toBeGreaterThan(plan!.dueAt.getTime())
  expect((await service.listSchedules({ state: 'missed' })).items).toEqual([])
  expect(await metrics.registry.metrics()).toContain('mooring_rpo_missed_since_timestamp_seconds 0')
})

const byTime = (a: Date | undefined, b: Date | undefined): number => a!.getTime() - b!.getTime()
