import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { layoutOf } from '../../src/host/stores/btrfs/layout.ts'
import { createBtrfsStore } from '../../src/host/stores/btrfs/store.ts'
import type { DiskId, InitiatorId, RecoveryReport } from '../../src/volumegroups/index.ts'
import { byLength } from '../support/duration.ts'
import { sweep } from '../support/leftovers.ts'
import { type Content, contentOf, everything, hashOf, quarantinedHashes, rowsOf } from './recovery/content.ts'
import { fsckRefs } from './recovery/fsck-refs.ts'
import {
  copyDatabase,
  copyFile,
  copyPool,
  type Host,
  hostIn,
  mounted,
  type Site,
  start,
} from './recovery/site.ts'
import { randomFrom, Workload } from './recovery/workload.ts'

/**
 * The recovery test: a workload, a copy of the database at one time and of the pool at another, in both orders and
 * also while something is under way; then an element starts on what is left, and nobody helps it.
 */

const SEEDS = Array.from({ length: byLength(20, 200) }, (_, index) => index + 1)
const STEPS = 30
/** Where a flush costs nothing: what this is about is the order of things, not the disk. */
const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** What a disaster leaves. */
interface Remains {
  readonly databaseCopy: string
  readonly poolCopy: string
  /** The database when the pool was copied; nothing when something was under way. */
  readonly reference: string | undefined
  /** What was acknowledged before the pool was copied, and not deleted by then. */
  readonly acknowledged: ReadonlySet<DiskId>
}

/** What all seeds together have met. */
const met = new Map<string, number>()

afterAll(() => {
  const counts = [...met].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${kind} ${count}`)
  process.stdout.write(`${SEEDS.length} seeds, decisions: ${counts.join(', ')}\n`)
})

test.each(SEEDS)(
  'seed %i: database and pool of different times, one of them lost, a manifest damaged',
  {
    timeout: 120_000,
  },
  async (seed) => {
    const folder = await mkdtemp(join(IN_MEMORY, 'mooring-recovery-'))
    onTestFinished(async () => {
      await sweep(folder)
      await rm(folder, { recursive: true, force: true })
    })
    const random = randomFrom(seed)
    const remains = await disaster(folder, seed, random)
    await oneOlder(folder, remains)
    await databaseLost(folder, remains)
    await manifestDamaged(folder, remains, random)
    await poolLost(folder, remains)
  },
)

/** In odd seeds the database is the older one, in even seeds the pool. */
async function disaster(folder: string, seed: number, random: (below: number) => number): Promise<Remains> {
  await using site = await start(hostIn(folder))
  const workload = new Workload(site, random)
  const times = [6 + random(STEPS - 8), 6 + random(STEPS - 8)].sort((a, b) => a - b)
  const [databaseAt, poolAt] = seed % 2 === 1 ? times : times.toReversed()
  const [databaseCopy, poolCopy] = [join(folder, 't1.db'), join(folder, 't2.img')]
  let reference: string | undefined
  let acknowledged: ReadonlySet<DiskId> = new Set()
  for (let step = 0; step < STEPS; step += 1) {
    const before = workload.disks
    const isAlongside = random(2) === 0
    const doing = isAlongside ? workload.step() : Promise.resolve()
    doing.catch(() => {}) // it is awaited below
    if (isAlongside) await sleep(random(15))
    if (step === databaseAt) await copyDatabase(site.host.databasePath, databaseCopy)
    if (step === poolAt) {
      await copyPool(site, poolCopy)
      reference = isAlongside ? undefined : join(folder, 'reference.db')
      if (reference) await copyDatabase(site.host.databasePath, reference)
    }
    await doing
    if (step === poolAt) acknowledged = new Set([...before].filter((id) => workload.disks.has(id)))
    if (!isAlongside) await workload.step()
  }
  return { databaseCopy, poolCopy, reference, acknowledged }
}

async function oneOlder(folder: string, remains: Remains): Promise<void> {
  const host = await restored(folder, remains, { database: true, pool: true })
  const before = await lookInto(host)
  for (const id of remains.acknowledged) expect(before.content.disks.has(id), `${id} was lost`).toBe(true)
  await survives(host, before)
}

/** The manifests alone tell everything: what the database knew of groups, disks, points, projects and policies. */
async function databaseLost(folder: string, remains: Remains): Promise<void> {
  const host = await restored(folder, remains, { database: false, pool: true })
  const before = await lookInto(host)
  await survives(host, before)
  if (remains.reference) expect(knowledgeOf(host.databasePath)).toEqual(knowledgeOf(remains.reference))
}

async function manifestDamaged(
  folder: string,
  remains: Remains,
  random: (below: number) => number,
): Promise<void> {
  const host = await restored(folder, remains, { database: true, pool: true })
  const before = await lookInto(host, async (poolPath) => {
    const groups = await createBtrfsStore({ poolPath }).inventory()
    const group = groups[random(groups.length)]
    if (group === undefined) return
    const { manifest } = layoutOf(poolPath, group.id)
    const text = await readFile(manifest).catch(() => Buffer.alloc(0))
    if (text.length === 0) return
    const at = random(text.length)
    text[at] = (text[at] ?? 0) ^ 1
    await writeFile(manifest, text)
  })
  await survives(host, before)
}

/** Without replication its points are lost with it; when it is found again, all is as it was. */
async function poolLost(folder: string, remains: Remains): Promise<void> {
  const host = await restored(folder, remains, { database: true, pool: false })
  await survives(host, await lookInto(host))
  {
    await using site = await start(host)
    for (const disk of (await site.service.listDisks()).items) expect(disk.dataMissingSince).toBeDefined()
  }
  await rm(host.imageFile)
  await copyFile(remains.poolCopy, host.imageFile)
  await survives(host, await lookInto(host))
}

async function restored(
  folder: string,
  { databaseCopy, poolCopy }: Remains,
  parts: { readonly database: boolean; readonly pool: boolean },
): Promise<Host> {
  const host = hostIn(folder)
  if (parts.database) await copyFile(databaseCopy, host.databasePath)
  if (parts.pool) await copyFile(poolCopy, host.imageFile)
  return host
}

/** What is there before anything starts. */
interface Before {
  readonly content: Content
  /** The disks that a whole manifest tells of. */
  readonly told: ReadonlySet<string>
  /** What operations have in hand: they are finished, forward or back. */
  readonly inHand: ReadonlySet<string>
}

async function lookInto(host: Host, harm?: (poolPath: string) => Promise<void>): Promise<Before> {
  await using pool = await mounted(host)
  await harm?.(pool.path)
  const store = createBtrfsStore({ poolPath: pool.path })
  const told = new Set<string>()
  for (const { id } of await store.inventory()) {
    const manifest = await store.readManifest(id).catch(() => undefined)
    for (const disk of manifest?.disks ?? []) told.add(disk.id)
  }
  return { content: await contentOf(pool.path), told, inHand: inHandIn(host.databasePath) }
}

function inHandIn(databasePath: string): Set<string> {
  const { operations = [] } = tryRows(databasePath)
  const open = (operations as { state: string; entities: string }[]).filter(
    ({ state }) => state !== 'done' && state !== 'failed',
  )
  return new Set(open.flatMap(({ entities }) => JSON.parse(entities) as string[]))
}

function tryRows(databasePath: string): Record<string, unknown[]> {
  try {
    return rowsOf(databasePath)
  } catch {
    return {}
  }
}

/** Starts twice: the first start leaves nothing in the air and nothing lost, the second does nothing. */
async function survives(host: Host, before: Before): Promise<void> {
  let after: unknown
  let first: RecoveryReport | undefined
  {
    await using site = await start(host)
    first = site.report
    expect(await fsckRefs(site)).toEqual([])
    await nothingLost(site, before)
    if (first) expect(await site.service.getRecovery(first.id)).toEqual(first)
    for (const { kind, failure } of first?.decisions ?? []) {
      expect(failure).toBeUndefined()
      met.set(kind, (met.get(kind) ?? 0) + 1)
    }
    after = await everything(site)
  }
  await using again = await start(host)
  expect(again.report).toBeUndefined()
  expect(await everything(again)).toEqual(after)
  await attachesAll(again)
}

async function nothingLost({ poolPath, database, store }: Site, before: Before): Promise<void> {
  const { content, told, inHand } = before
  const aside = await quarantinedHashes(poolPath)
  const now = await contentOf(poolPath)
  for (const [id, hash] of content.disks) {
    const disk = await database.reader.disk(id)
    if (disk && !disk.dataMissingSince) {
      expect(await hashOf(store.backingPath(disk.groupId, id)), `the content of ${id}`).toBe(hash)
    } else if (!inHand.has(id)) {
      expect(aside, `${id} is gone`).toContain(hash)
      expect(told, `${id} was put aside though it is known`).not.toContain(id)
    }
  }
  for (const [id, hashes] of content.points) {
    const point = await database.reader.recoveryPoint(id)
    if (point) expect(now.points.get(id), `the content of ${id}`).toEqual(hashes)
    else if (!inHand.has(id))
      for (const hash of hashes.values()) expect(aside, `${id} is gone`).toContain(hash)
  }
}

/** Every disk can be had, or says exactly why not. */
async function attachesAll({ service, store }: Site): Promise<void> {
  const initiatorId = 'guest' as InitiatorId
  await service.registerInitiator({ id: initiatorId, name: 'iqn.2026-01.test:guest', maxAttachments: 0 })
  for (const { id, groupId, dataMissingSince } of (await service.listDisks()).items) {
    const granted = service.grant({ diskId: id, initiatorId, readOnly: false, shared: false })
    if (dataMissingSince) await expect(granted).rejects.toMatchObject({ reason: 'DATA_MISSING' })
    else {
      await granted
      expect(await hashOf(store.backingPath(groupId, id))).toBeTypeOf('string')
    }
  }
}

/** All that manifests can tell. The root project is made with the database. */
function knowledgeOf(databasePath: string): Record<string, unknown[]> {
  const rows = rowsOf(databasePath) as Record<string, Record<string, unknown>[]>
  const inUse = new Set((rows.volume_groups ?? []).map(({ project_id }) => project_id))
  const above = (rows.projects ?? []).filter(({ path }) =>
    (rows.projects ?? []).some(
      (one) => inUse.has(one.id) && (`${one.path}/`.startsWith(`${path}/`) || path === '/'),
    ),
  )
  const places = new Set([...above.map(({ id }) => id), ...(rows.volume_groups ?? []).map(({ id }) => id)])
  const settings = (rows.policy_assignments ?? []).filter(({ target }) => places.has(target))
  const set = new Set(settings.map(({ policy_id }) => policy_id))
  const without = (list: Record<string, unknown>[] = [], ...names: string[]) =>
    list
      .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))))
      .map((row) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)))
      .sort()
  return {
    projects: without(
      above.map((project) => (project.path === '/' ? { ...project, created_at_ms: 0 } : project)),
    ),
    groups: without(rows.volume_groups, 'next_lun'),
    disks: without(rows.disks),
    points: without(rows.recovery_points),
    images: without(rows.recovery_point_disks),
    policies: without((rows.policies ?? []).filter(({ id }) => set.has(id))),
    settings: without(settings),
  }
}

test('the seeds together have met what restored databases and pools come to', () => {
  const wanted = ['adoptDisk', 'adoptGroup', 'adoptPoint', 'adoptSettings', 'diskFound', 'diskMissing']
  wanted.push('dropPoint', 'groupFound', 'groupMissing', 'placeProject', 'updateGroup', 'writeManifest')
  expect(wanted.filter((kind) => !met.has(kind))).toEqual([])
})
