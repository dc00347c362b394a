import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBackupFolder } from '../../src/database/backups.ts'
import { openDatabase } from '../../src/database/open.ts'
import type { JournalLimits } from '../../src/journal/index.ts'
import type {
  Authority,
  Cluster,
  Database,
  RecoveryReport,
  Store,
  Target,
} from '../../src/volumegroups/index.ts'
import type { LeaseClock } from '../../src/volumegroups/lease-book.ts'
import { createVolumeGroups, type VolumeGroupsService } from '../../src/volumegroups/service.ts'
import { createMemoryPool, createMemoryStore } from './memory-store.ts'
import { createMemoryTarget, type MemoryDaemon } from './memory-target.ts'

/** A storage host: what is left of it when the element's process ends. */
export interface World extends AsyncDisposable {
  readonly databasePath: string
  readonly store: Store
  readonly daemon: MemoryDaemon
  /** Starts an element on it. */
  boot(boot?: Boot): Promise<Element>
  /** Time passes: nobody is heard of. */
  pass(ms: number): void
}

export interface Boot {
  readonly fencing?: 'revoke' | 'protect-first'
  readonly limits?: Partial<JournalLimits>
  /** Left out: it is never in question. */
  readonly authority?: Authority
  /** Whose the database is, if it is a new one. */
  readonly elementId?: string
  /** What a cluster believes; left out, none is asked. */
  readonly cluster?: Cluster
  /** Puts something between the element and what it works on. */
  readonly wrap?: (parts: Parts) => Parts
}

export interface Parts {
  readonly database: Database
  readonly store: Store
  readonly target: Target
}

export interface Element extends AsyncDisposable {
  readonly service: VolumeGroupsService
  readonly database: Database
  readonly target: Target
  /** What its start decided. */
  readonly report: RecoveryReport | undefined
}

/** A retry comes at once, and the number of an operation's calls does not depend on how long it takes. */
const LIMITS: Partial<JournalLimits> = { noteAfterMs: 3_600_000, backoffMs: 1, maxBackoffMs: 1, drainMs: 1 }

/** Where fsync costs nothing: what these tests are about is the order of things, not the disk. */
const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export interface WorldOptions {
  /** Where the database is. Left out: where fsync costs nothing. It goes with the world. */
  readonly directory?: string
  /** Later than any time in a world that was there before. */
  readonly from?: string
}

export async function createWorld(
  store: Store = createMemoryStore(createMemoryPool(1024n ** 5n)),
  { directory: given, from = '2026-01-01T00:00:00Z' }: WorldOptions = {},
): Promise<World> {
  const directory = given ?? (await mkdtemp(join(IN_MEMORY, 'mooring-')))
  const databasePath = join(directory, 'element.db')
  const daemon: MemoryDaemon = new Map()
  // A clock without two equal times: what was made first is listed first.
  let nowMs = Date.parse(from)
  const now = () => new Date(nowMs++)
  let passedMs = 0
  const clock = { elapsedMs: () => passedMs, [Symbol.dispose]: () => {} }
  return {
    ...{ databasePath, store, daemon },
    boot: async (boot = {}) => bootElement({ databasePath, store, daemon, now, clock }, boot),
    pass: (ms) => {
      passedMs += ms
    },
    [Symbol.asyncDispose]: () =>
      rm(given === undefined ? directory : databasePath, { recursive: true, force: true }),
  }
}

async function bootElement(
  host: Pick<World, 'databasePath' | 'store' | 'daemon'> & { now: () => Date; clock: LeaseClock },
  { limits, fencing, elementId, authority, cluster, wrap = (parts) => parts }: Boot,
): Promise<Element> {
  const { store, now, clock } = host
  const database = await openDatabase(host.databasePath, { elementId })
  const target = createMemoryTarget(host.daemon)
  let report: RecoveryReport | undefined
  const service = createVolumeGroups({
    ...wrap({ database, store, target }),
    element: { name: 'element-1', site: 'site-1', version: '0.0.0' },
    now,
    clock,
    ...(cluster && { cluster }),
    recovered: (decided) => {
      report = decided
    },
    fencing: fencing ?? 'revoke',
    backups: createBackupFolder({
      databasePath: host.databasePath,
      directory: `${host.databasePath}-backups`,
      keep: 3,
    }),
    limits: { ...LIMITS, ...limits },
    ...(authority && { authority }),
  })
  await service.start()
  return {
    ...{ service, database, target, report },
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
