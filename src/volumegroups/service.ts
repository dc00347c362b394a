import { randomBytes } from 'node:crypto'
import {
  DEFAULT_LIMITS,
  type EndedOperation,
  Journal,
  type JournalLimits,
  type Recovery,
  type Trouble,
} from '../journal/index.ts'
import { AwakeClock } from '../lib/awake-clock.ts'
import { KeyedQueue } from '../lib/keyed-queue.ts'
import type { Cluster, Sweep } from './audits.ts'
import { type Authority, unquestionedAuthority } from './authority.ts'
import { type BackupFolder, backupCalls } from './backups.ts'
import { changes } from './changes.ts'
import { contentReads } from './content-reads.ts'
import type { Database, Reader, Transactor } from './database.ts'
import type { DeletedSum } from './deletions.ts'
import { type Auditor, auditCalls, createAuditor } from './drift/auditor.ts'
import { asStorageError, StorageError } from './errors.ts'
import { exportsOf } from './exports.ts'
import { type DiskId, operationIds, type VolumeGroupId } from './ids.ts'
import { journalErrors } from './journal-errors.ts'
import { LeaseBook, type LeaseClock } from './lease-book.ts'
import { createManifests, type Manifests } from './manifests.ts'
import { operationsOf } from './operations/index.ts'
import type { Fencing } from './operations/parts.ts'
import { policyChanges, policyReads } from './policies/calls.ts'
import type { MissedSchedules } from './policies/plans.ts'
import { createPoolSpace, type PoolSpace } from './pool-space.ts'
import type { Caller, CallOptions, Export, GroupPointSpec, Store, Target, VolumeGroups } from './ports.ts'
import type { KnownToken } from './projects.ts'
import { gets, lists } from './reads.ts'
import type { RecoveryReport } from './recoveries.ts'
import { bringTogether } from './recovery/bring-together.ts'
import { recoveryCalls } from './recovery/calls.ts'
import { restores } from './restores.ts'
import { DEFAULT_LEASE_TIMES, type LeaseTimes, leaseTerms } from './rules/leases.ts'
import { DEFAULT_MARKS, type PoolMarks } from './rules/pool-state.ts'
import { type Runner, readerFor, rephrasing, runnerFor } from './scope.ts'
import { createSpaceHints } from './space-hints.ts'
import type { ElementStatus, PoolCapacity, RecoveryPoint, Token } from './types.ts'

export interface ServiceOptions {
  readonly database: Database
  readonly store: Store
  readonly target: Target
  readonly element: { readonly name: string; readonly site: string; readonly version: string }
  /** What went wrong with no caller to hear of it: for the log. */
  readonly report?: (trouble: Trouble) => void
  /** Database and store differed, and what was decided: for the log. */
  readonly recovered?: (report: RecoveryReport) => void
  /** An operation is over: for the log. */
  readonly ended?: (operation: EndedOperation) => void
  readonly now?: () => Date
  readonly newSecret?: () => string
  readonly limits?: Partial<JournalLimits>
  readonly marks?: PoolMarks
  readonly lease?: LeaseTimes
  readonly fencing?: Fencing
  /** Disposed of with the service. */
  readonly clock?: LeaseClock
  /** How long what a user deletes can be had again. Left out: it is gone at once. */
  readonly graceMs?: number
  /** Left out: this element keeps no backups. */
  readonly backups?: BackupFolder
  /** Left out: no cluster is asked what it believes. */
  readonly cluster?: Cluster
  /** Left out: it is never in question. */
  readonly authority?: Authority
}

/** The domain port on a database, a store and a target. Its owner disposes of those three, after it. */
export interface VolumeGroupsService extends VolumeGroups, AsyncDisposable {
  /** What the target has to serve, by the database alone. */
  exportsFromDatabase(): Promise<readonly Export[]>
  /** Whose a token is, by the hex SHA-256 of its secret; undefined when it is not known, or its time is over. */
  tokenOf(sha256: string): Promise<KnownToken | undefined>
  /** A point to which retention applies: for the scheduler alone. */
  createScheduledPoint(spec: Omit<GroupPointSpec, 'reason'>, call?: CallOptions): Promise<RecoveryPoint>
  /** Purges what was deleted, if its time is over. */
  purgeOver(id: DiskId | VolumeGroupId, call?: CallOptions): Promise<void>
  /** For the figures: how much was deleted and can be had again. */
  deletedSums(): Promise<readonly DeletedSum[]>
  /** For the figures: how many groups miss a point, by reason. */
  missedSchedules(): Promise<readonly MissedSchedules[]>
  /** Measures the pool; pauses the target when next to nothing is left in it, and resumes it when there is space again. */
  lookAtPool(): Promise<PoolCapacity>
  /** Compares database, store, target and nodes, and repairs what is safe; refused without authority, or while paused. */
  sweep(signal: AbortSignal): Promise<Sweep>
  /**
   * Brings database and store together, starts the target, finishes what a former process left open, and opens for
   * calls; until then NOT_READY.
   */
  start(): Promise<Recovery>
  /** Finishes what could not be finished while the database was away; nothing before `start`. */
  finishOpen(): Promise<Recovery | undefined>
}

/** Grants to one initiator at one time. */
const MAX_WAITING_FOR_ADMISSION = 1024

/** 24 characters: more than the 12 bytes that RFC 7143 §12.1.3 asks for, and accepted by every target. */
const randomSecret = (): string => randomBytes(18).toString('base64url')

export function createVolumeGroups(options: ServiceOptions): VolumeGroupsService {
  const { database, store, target } = options
  const now = options.now ?? (() => new Date())
  const manifests = createManifests(store, database)
  const space = spaceOf(options)
  const leases = leaseBookOf(options, now)
  const operations = operationsOf({ ...rulesOf(options), manifests, space, leases, now })
  const journal = journalOf(options, now)
  let state: ElementStatus['state'] = 'starting'
  const authority = options.authority ?? unquestionedAuthority(now())
  const admit = (call: CallOptions | undefined): void => {
    if (state !== 'ready') throw new StorageError('NOT_READY', `the element is ${state}`)
    if (call?.authoritative) authority.check()
  }
  const authorized = authorizedBy(authority, journal)
  const exportsFromDatabase = async () => exportsOf(store, await database.reader.grants())
  const about = aboutOf(options, now())
  const authorityNow = () => ({ ...authority.status(), serving: target.isServing() })
  const auditor = auditorOf({ options, journal, manifests, leases, space, authority, now })
  const status = async () => ({ ...about, state, authority: authorityNow() })
  const portOn = portsOn({ options, operations, leases, space, auditor, vouch: authority.vouch, now })
  const createScheduledPoint: VolumeGroupsService['createScheduledPoint'] = (spec, call) =>
    authorized.run(operations.createRecoveryPoint, { ...spec, reason: 'schedule' }, { signal: call?.signal })
  const purgeOver: VolumeGroupsService['purgeOver'] = (id, call) =>
    authorized.run(operations.purgeDeleted, { id, isOver: true }, { signal: call?.signal })
  const portFor = async (caller: Caller) =>
    portOn(await readerFor(database.reader, caller), runnerFor(authorized, caller))
  return {
    ...edge({ status }, () => {}),
    ...edge(portOn(database.reader, runnerFor(authorized, undefined)), admit, portFor),
    ...edge({ createScheduledPoint, purgeOver }, admit),
    ...edge({ lookAtPool: () => space.look() }, () => {}),
    ...edge({ sweep: (signal: AbortSignal) => auditor.sweep(signal) }, () => admit(undefined)),
    exportsFromDatabase,
    deletedSums: () => database.reader.deletedSums(),
    missedSchedules: () => database.reader.missedPlans(now()),
    tokenOf: async (sha256) => knownToken(await database.reader.tokenOf(sha256), database.reader, now()),
    start: async () => {
      await space.look() // what is full is not served
      const definitions = Object.values(operations)
      await bringTogether({ database, store, target, definitions, now, recovered: options.recovered })
      const recovery = await journal.recover(definitions)
      leases.begin()
      state = 'ready'
      return recovery
    },
    finishOpen: async () => (state === 'ready' ? journal.recover(Object.values(operations)) : undefined),
    [Symbol.asyncDispose]: async () => {
      state = 'stopping'
      leases[Symbol.dispose]()
      await journal[Symbol.asyncDispose]()
    },
  }
}

interface PortParts {
  readonly options: ServiceOptions
  readonly operations: ReturnType<typeof operationsOf>
  readonly leases: LeaseBook
  readonly space: PoolSpace
  readonly auditor: Auditor
  readonly vouch: Authority['vouch']
  readonly now: () => Date
}

/** The port for whoever has this reader and this runner. */
function portsOn({ options, operations, leases, space, auditor, vouch, now }: PortParts) {
  const { database, store, target, backups } = options
  const hints = createSpaceHints({ store, reader: database.reader, now })
  return (reader: Reader, plain: Runner) => {
    const runner = rephrasing(plain, (error) => hints.explain(error, reader))
    return {
      ...gets({ reader, target, vouch }),
      ...lists(reader),
      ...contentReads(reader, store),
      ...restores(runner, operations),
      ...changes({ runner, reader, operations, leases, now }),
      ...leaseCalls(leases),
      ...policyReads(reader, now),
      ...policyChanges(runner, operations),
      ...backupCalls(reader, backups),
      ...recoveryCalls(reader),
      ...auditCalls(reader, auditor),
      capacity: () => space.capacity(),
    }
  }
}

interface AuditorParts extends Pick<PortParts, 'options' | 'leases' | 'space' | 'now'> {
  readonly journal: Journal<Transactor>
  readonly manifests: Manifests
  readonly authority: Authority
}

function auditorOf({ options, journal, manifests, leases, space, authority, now }: AuditorParts): Auditor {
  const { database, store, target, cluster } = options
  return createAuditor({
    ...{ database, store, target, cluster, manifests, now },
    nodes: () => leases.reports(),
    alone: (locks, work) => journal.alone('repair', locks, work),
    mayRepair: async () => {
      authority.check()
      if ((await space.capacity()).state === 'paused')
        throw new StorageError('NO_SPACE', 'the target is paused')
    },
  })
}

function journalOf(options: ServiceOptions, now: () => Date): Journal<Transactor> {
  return new Journal<Transactor>({
    transactions: options.database,
    errors: journalErrors,
    newId: operationIds.create,
    now,
    report: options.report ?? (() => {}),
    ended: options.ended ?? (() => {}),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  })
}

const spaceOf = ({ store, target, database, marks }: ServiceOptions) =>
  createPoolSpace({ store, target, reader: database.reader, marks: marks ?? DEFAULT_MARKS })

/** Changes are made only with authority. */
const authorizedBy = (authority: Authority, journal: Runner): Runner => ({
  run: async (...operation) => {
    authority.check()
    return journal.run(...operation)
  },
})

const rulesOf = ({ database, store, target, newSecret, fencing, graceMs }: ServiceOptions) => ({
  graceMs: graceMs ?? 0,
  ...{ database, store, target },
  newSecret: newSecret ?? randomSecret,
  fencing: fencing ?? ('revoke' as const),
  admission: new KeyedQueue(MAX_WAITING_FOR_ADMISSION),
})

function leaseBookOf({ database, lease, clock }: ServiceOptions, now: () => Date): LeaseBook {
  return new LeaseBook({
    ...{ database, now },
    times: lease ?? DEFAULT_LEASE_TIMES,
    clock: clock ?? new AwakeClock(),
  })
}

const leaseCalls = (leases: LeaseBook): Pick<VolumeGroups, 'renewLease'> => ({
  renewLease: (renewal, call) => leases.renew(renewal, call?.caller),
})

const aboutOf = ({ database, element, lease }: ServiceOptions, startedAt: Date) => ({
  ...{ elementId: database.elementId, ...element, startedAt },
  lease: leaseTerms(lease ?? DEFAULT_LEASE_TIMES),
})

async function knownToken(
  token: Token | undefined,
  reader: Reader,
  now: Date,
): Promise<KnownToken | undefined> {
  if (token === undefined || (token.expiresAt && token.expiresAt <= now)) return undefined
  const { id, role, initiatorId } = token
  const project = await reader.projectAt(token.project)
  return project && { role, caller: { id, projectId: project.id, initiatorId } }
}

/** Methods that are admitted, heed a signal that ended already, and throw StorageError and nothing else. */
function edge<Methods extends object>(
  methods: Methods,
  admit: (call: CallOptions | undefined) => void,
  methodsFor = async (_caller: Caller): Promise<Methods> => methods,
): Methods {
  const wrapped = Object.keys(methods).map((name) => [
    name,
    async (...args: unknown[]) => {
      try {
        const call = args.at(-1) as CallOptions | undefined
        admit(call)
        if (call?.signal?.aborted) throw journalErrors.stoppedWaiting(call.signal.reason)
        const own = call?.caller === undefined ? methods : await methodsFor(call.caller)
        return await (own as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)
      } catch (error) {
        throw asStorageError(error)
      }
    },
  ])
  return Object.fromEntries(wrapped)
}
