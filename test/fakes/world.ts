import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/database/open.ts'
import type { JournalLimits } from '../../src/journal/index.ts'
import type { Database, Store, Target } from '../../src/volumegroups/index.ts'
import { createVolumeGroups, type VolumeGroupsService } from '../../src/volumegroups/service.ts'
import { createMemoryPool, createMemoryStore, type MemoryStore } from './memory-store.ts'
import { createMemoryTarget, type MemoryDaemon } from './memory-target.ts'

/** A storage host: what is left of it when the element's process ends. */
export interface World extends AsyncDisposable {
  readonly databasePath: string
  readonly store: MemoryStore
  readonly daemon: MemoryDaemon
  /** Starts an element on it. */
  boot(boot?: Boot): Promise<Element>
}

export interface Boot {
  readonly limits?: Partial<JournalLimits>
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
}

/** Nothing waits in a test: a retry comes at once. */
const LIMITS: Partial<JournalLimits> = { backoffMs: 1, maxBackoffMs: 1, drainMs: 1 }

export async function createWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-'))
  const databasePath = join(directory, 'element.db')
  const store = createMemoryStore(createMemoryPool(1024n ** 5n))
  const daemon: MemoryDaemon = new Map()
  // A clock without two equal times: what was made first is listed first.
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const now = () => new Date(nowMs++)
  return {
    ...{ databasePath, store, daemon },
    boot: async (boot = {}) => bootElement({ databasePath, store, daemon, now }, boot),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

async function bootElement(
  host: Pick<World, 'databasePath' | 'store' | 'daemon'> & { now: () => Date },
  { limits, wrap = (parts) => parts }: Boot,
): Promise<Element> {
  const { store, now } = host
  const database = await openDatabase(host.databasePath)
  const target = createMemoryTarget(host.daemon)
  const service = createVolumeGroups({
    ...wrap({ database, store, target }),
    element: { name: 'element-1', site: 'site-1', version: '0.0.0' },
    now,
    limits: { ...LIMITS, ...limits },
  })
  await service.start()
  return {
    ...{ service, database, target },
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
