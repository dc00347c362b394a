import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type ElementSettings, readElementConfig, readTokens } from '../config/config.ts'
import { createBackupFolder } from '../database/backups.ts'
import { openDatabase } from '../database/open.ts'
import {
  type Auth,
  createElementApi,
  createMetrics,
  listen,
  measureAuthority,
  measureDeletions,
  measureDrift,
  measureLeases,
  measurePool,
  measureSchedules,
} from '../element/index.ts'
import { createAuthorityKeeper } from '../element/loops/authority-keeper.ts'
import { createBackupClock } from '../element/loops/backup-clock.ts'
import { createPoolGuard } from '../element/loops/pool-guard.ts'
import { createPoolRelief } from '../element/loops/pool-relief.ts'
import { createPurger, type Purger, type PurgerParts } from '../element/loops/purger.ts'
import { createReconciler } from '../element/loops/reconciler.ts'
import { createScheduler } from '../element/loops/scheduler.ts'
import { openPool, type Pool } from '../host/pool.ts'
import { bootTimeMs, createSentinel, type Sentinel } from '../host/sentinel/sentinel.ts'
import { createBtrfsStore } from '../host/stores/btrfs/store.ts'
import { createLioTarget } from '../host/targets/lio/target.ts'
import { createTgtTarget } from '../host/targets/tgt/target.ts'
import { createAuthority, type InitiatorId, type Sweep, type Target, timesOf } from '../volumegroups/index.ts'
import { elementIdIn } from '../volumegroups/recovery/facts.ts'
import { createVolumeGroups, type VolumeGroupsService } from '../volumegroups/service.ts'
import { createLogger, type Running } from './lifecycle.ts'
import { VERSION } from './version.ts'

/**
 * Starts an element: database, pool, store and target, then the service on them. The API answers from the start,
 * but for anything except its status it says NOT_READY until what a former process left open is finished.
 */
export async function startElement(configFile: string): Promise<Running> {
  const config = readElementConfig(configFile)
  const log = createLogger('element', config.logLevel)
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 })
  await using stack = new AsyncDisposableStack()
  const authority = createAuthority({ ...config.authority, bootMs: bootTimeMs, now: () => new Date() })
  const databasePath = databaseOf(config)
  const pool = stack.use(await openConfiguredPool(config))
  const store = createBtrfsStore({ poolPath: pool.path })
  // A database that is new, for a pool that is not, is that of the pool's element.
  const elementId = await elementIdIn(store)
  const faulted = ({ message }: Error): void => authority.lose(message)
  const database = stack.use(await openDatabase(databasePath, { elementId, faulted }))
  const backups = createBackupFolder({ databasePath, ...backupsOf(config) })
  const sentinel = createConfiguredSentinel(config)
  let finishOpen: () => Promise<unknown> = async () => {} // until there is a service, nothing is open
  const keeper = stack.use(
    createAuthorityKeeper({
      ...{ authority, database, leaseMs: config.authority.leaseMs, bootMs: bootTimeMs },
      renewed: (untilMs) => sentinel?.renew(untilMs),
      finishOpen: () => finishOpen(),
      log: log.child({ part: 'authority' }),
    }),
  )
  const { elementId: owner } = database
  const target = stack.use(createConfiguredTarget(config, { sentinel, owner, log }))
  const service = stack.use(
    createVolumeGroups({
      database,
      store,
      target,
      marks: { ...config.space, reserveBytes: BigInt(config.space.reserveBytes) },
      backups,
      lease: { ...config.lease, fenceMs: config.target.fenceMs },
      ...{ fencing: config.fencing, graceMs: config.deletes.graceHours * 3_600_000 },
      authority,
      element: { name: config.name, site: config.site, version: VERSION },
      recovered: ({ decisions: _, ...summary }) => log.warn(summary, 'database and data differed'),
      ended: (operation) => log.info(operation, 'operation ended'),
      report: ({ error, ...trouble }) => log.warn({ ...trouble, err: error }, 'an operation is in trouble'),
    }),
  )
  const swept = await openApis(stack, { config, service, log })
  finishOpen = service.finishOpen
  await keeper.held
  const recovery = await service.start()
  const poolParts = { groups: service, log: log.child({ part: 'pool' }) }
  const relief = createPoolRelief({ ...poolParts, reader: database.reader, store, now: () => new Date() })
  stack.use(createPoolGuard({ ...poolParts, relief }))
  stack.use(createConfiguredPurger(config, { reader: database.reader, groups: service, log }))
  const schedulerParts = { database, groups: service, log: log.child({ part: 'scheduler' }) }
  stack.use(createScheduler({ ...schedulerParts, ...config.scheduler }))
  const reconcilerParts = { groups: service, swept, log: log.child({ part: 'reconciler' }) }
  stack.use(createReconciler({ ...reconcilerParts, ...config.reconciler }))
  const everyMs = config.backup.everyMinutes * 60_000
  stack.use(createBackupClock({ backups, everyMs, log: log.child({ part: 'backup' }) }))
  log.info({ elementId: database.elementId, site: config.site, recovery }, 'element ready')
  const running = stack.move()
  return { log, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** The file that is the element's database. */
export const databaseOf = ({ stateDir }: ElementSettings): string => join(stateDir, 'element.db')

const backupsOf = ({ stateDir, backup }: ElementSettings) => ({
  directory: backup.directory ?? join(stateDir, 'backups'),
  keep: backup.keep,
})

/** A target that goes on serving needs its pool. */
function openConfiguredPool({ pool, target }: ElementSettings): Promise<Pool> {
  if ('path' in pool) return openPool(pool)
  return openPool({
    ...pool,
    sizeBytes: BigInt(pool.sizeBytes),
    leaveMounted: target.onStop === 'serve',
  })
}

const createConfiguredPurger = ({ deletes }: ElementSettings, parts: Omit<PurgerParts, 'whenFull'>): Purger =>
  createPurger({ ...parts, log: parts.log.child({ part: 'purger' }), whenFull: deletes.purgeWhenFull })

const targetDir = ({ stateDir }: ElementSettings): string => join(stateDir, 'tgt')

/** Nothing ends what is available whatever becomes of the element. */
function createConfiguredSentinel(config: ElementSettings): Sentinel | undefined {
  const { mode, leaseMs } = config.authority
  if (mode === 'available') return undefined
  return createSentinel({ runDir: targetDir(config), aheadMs: timesOf(leaseMs).serveMs })
}

interface TargetParts {
  readonly sentinel: Sentinel | undefined
  readonly owner: string
  readonly log: Logger
}

function createConfiguredTarget(config: ElementSettings, { sentinel, owner, log }: TargetParts): Target {
  const { portal, target } = config
  const runDir = targetDir(config)
  const common = {
    portal,
    fenceTimeoutMs: target.fenceMs,
    leaveRunning: target.onStop === 'serve',
    log: log.child({ part: 'target' }),
  }
  if (target.kind === 'lio') {
    return createLioTarget({ ...common, owner: `mooring-${owner}`, guard: sentinel && { sentinel, runDir } })
  }
  return createTgtTarget({ ...common, runDir, sentinel, threads: target.threads })
}

interface ApiParts {
  readonly config: ElementSettings
  readonly service: VolumeGroupsService
  readonly log: Logger
}

/**
 * The unix socket always, HTTPS when it is configured; both are closed before what they stand on. What it gives back
 * is told of each sweep, for the figures.
 */
async function openApis(
  stack: AsyncDisposableStack,
  { config, service, log }: ApiParts,
): Promise<(sweep: Sweep) => void> {
  const metrics = createMetrics(VERSION)
  measureLeases(metrics.registry, (await service.status()).lease)
  measureDeletions(metrics.registry, () => service.deletedSums())
  measureSchedules(metrics, () => service.missedSchedules())
  measurePool(metrics, service)
  measureAuthority(metrics, service)
  const swept = measureDrift(metrics.registry)
  const common = { groups: service, log: log.child({ part: 'api' }), metrics }
  const local = createElementApi({ ...common, auth: { kind: 'local' } })
  stack.defer(() => local.close())
  await listen(local, { socketPath: config.listen.socket })
  const { https } = config.listen
  if (https === undefined) return swept
  const tls = { key: readFileSync(https.keyFile, 'utf8'), cert: readFileSync(https.certFile, 'utf8') }
  const remote = createElementApi({ ...common, tls, auth: bearerAuth(https.tokensFile, service) })
  stack.defer(() => remote.close())
  await listen(remote, { host: https.address, port: https.port })
  return swept
}

function bearerAuth(tokensFile: string, { tokenOf }: VolumeGroupsService): Auth {
  const tokens = readTokens(tokensFile).map(({ sha256, role, initiator }) => ({
    sha256,
    role,
    initiatorId: initiator as InitiatorId | undefined,
  }))
  return { kind: 'bearer', tokens, tokenOf }
}
