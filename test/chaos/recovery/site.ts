import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { openDatabase } from '../../../src/database/open.ts'
import { run } from '../../../src/host/exec.ts'
import { openPool, type Pool } from '../../../src/host/pool.ts'
import { createBtrfsStore } from '../../../src/host/stores/btrfs/store.ts'
import type { Database, RecoveryReport, Store } from '../../../src/volumegroups/index.ts'
import { elementIdIn } from '../../../src/volumegroups/recovery/facts.ts'
import { createVolumeGroups, type VolumeGroupsService } from '../../../src/volumegroups/service.ts'
import { createMemoryTarget, type MemoryDaemon } from '../../fakes/memory-target.ts'

/** A storage host made of a database file and a pool image: both can be copied, and put together differently. */
export interface Host {
  readonly databasePath: string
  readonly imageFile: string
}

export interface Site extends AsyncDisposable {
  readonly host: Host
  readonly poolPath: string
  readonly store: Store
  readonly database: Database
  readonly service: VolumeGroupsService
  readonly daemon: MemoryDaemon
  /** What its start decided. */
  readonly report: RecoveryReport | undefined
}

/** btrfs needs 109 MiB; most of it is never written. */
const POOL_BYTES = 160n * 1024n ** 2n

export const hostIn = (folder: string): Host => ({
  databasePath: join(folder, `${randomUUID()}.db`),
  imageFile: join(folder, `${randomUUID()}.img`),
})

/** The host's pool, which is made if there is none. */
export const mounted = ({ imageFile }: Host): Promise<Pool> =>
  openPool({ imageFile, sizeBytes: POOL_BYTES, mountPoint: `${imageFile}.mounted` })

/** Mounts the pool, opens the database and starts an element's service on them; makes what is not there. */
export async function start(host: Host): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const pool = stack.use(await mounted(host))
  const store = createBtrfsStore({ poolPath: pool.path })
  const elementId = await elementIdIn(store)
  const database = stack.use(await openDatabase(host.databasePath, { elementId }))
  const daemon: MemoryDaemon = new Map()
  let report: RecoveryReport | undefined
  const service = stack.use(
    createVolumeGroups({
      ...{ database, store, target: createMemoryTarget(daemon) },
      element: { name: 'element-1', site: 'site-1', version: '0.0.0' },
      limits: { backoffMs: 1, maxBackoffMs: 10 },
      recovered: (decided) => {
        report = decided
      },
    }),
  )
  await service.start()
  const running = stack.move()
  return {
    ...{ host, poolPath: pool.path, store, database, service, daemon, report },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The database at this moment, whatever is under way. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  using database = new DatabaseSync(from, { readOnly: true })
  await backup(database, to)
}

/** The pool at this moment, as a power cut would leave it, whatever is under way. */
export async function copyPool({ poolPath, host }: Site, to: string): Promise<void> {
  await run({ file: 'fsfreeze', args: ['--freeze', poolPath] })
  try {
    await copyFile(host.imageFile, to)
  } finally {
    await run({ file: 'fsfreeze', args: ['--unfreeze', poolPath] })
  }
}

export async function copyFile(from: string, to: string): Promise<void> {
  await run({ file: 'cp', args: ['--sparse=always', '--reflink=auto', from, to] })
}
