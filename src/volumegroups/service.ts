import { randomBytes } from 'node:crypto'
import {
  DEFAULT_LIMITS,
  type EndedOperation,
  Journal,
  type JournalLimits,
  type Recovery,
  type Trouble,
} from '../journal/index.ts'
import { contentReads } from './content-reads.ts'
import type { Database, Transactor } from './database.ts'
import { asStorageError, StorageError } from './errors.ts'
import { exportsOf } from './exports.ts'
import { operationIds } from './ids.ts'
import { journalErrors } from './journal-errors.ts'
import { createManifests } from './manifests.ts'
import { operationsOf } from './operations/index.ts'
import type { CallOptions, Export, Store, Target, VolumeGroups } from './ports.ts'
import { gets, lists } from './reads.ts'
import { checkDisk, checkGroup, checkGrowth, checkInitiator, checkRecoveryPoint } from './rules/requests.ts'
import type { ElementStatus } from './types.ts'

export interface ServiceOptions {
  readonly database: Database
  readonly store: Store
  readonly target: Target
  readonly element: { readonly name: string; readonly site: string; readonly version: string }
  /** What went wrong with no caller to hear of it: for the log. */
  readonly report?: (trouble: Trouble) => void
  /** An operation is over: for the log. */
  readonly ended?: (operation: EndedOperation) => void
  readonly now?: () => Date
  readonly newSecret?: () => string
  readonly limits?: Partial<JournalLimits>
}

/** The domain port on a database, a store and a target. Its owner disposes of those three, after it. */
export interface VolumeGroupsService extends VolumeGroups, AsyncDisposable {
  /** What the target has to serve, by the database alone. */
  exportsFromDatabase(): Promise<readonly Export[]>
  /** Starts the target, finishes what a former process left open, and opens for calls; until then NOT_READY. */
  start(): Promise<Recovery>
}

/** 24 characters: more than the 12 bytes that RFC 7143 §12.1.3 asks for, and accepted by every target. */
const randomSecret = (): string => randomBytes(18).toString('base64url')

export function createVolumeGroups(options: ServiceOptions): VolumeGroupsService {
  const { database, store, target } = options
  const now = options.now ?? (() => new Date())
  const startedAt = now()
  const manifests = createManifests(store, database)
  const newSecret = options.newSecret ?? randomSecret
  const operations = operationsOf({ database, store, target, manifests, now, newSecret })
  const journal = new Journal<Transactor>({
    transactions: database,
    errors: journalErrors,
    newId: operationIds.create,
    now,
    report: options.report ?? (() => {}),
    ended: options.ended ?? (() => {}),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  })
  let state: ElementStatus['state'] = 'starting'
  const admit = (): void => {
    if (state !== 'ready') throw new StorageError('NOT_READY', `the element is ${state}`)
  }
  const exportsFromDatabase = async () => exportsOf(store, await database.reader.grants())
  const status = async () => ({ elementId: database.elementId, ...options.element, state, startedAt })
  return {
    ...edge({ status }, () => {}),
    ...edge({ ...gets(database.reader, target), ...lists(database.reader) }, admit),
    ...edge(contentReads(database.reader, store), admit),
    ...edge({ ...changes(journal, operations), capacity: () => store.capacity() }, admit),
    exportsFromDatabase,
    start: async () => {
      // The target first: finishing a grant or a revoke needs it, and it serves what the database says, no more.
      await target.start(await exportsFromDatabase())
      const recovery = await journal.recover(Object.values(operations))
      state = 'ready'
      return recovery
    },
    [Symbol.asyncDispose]: async () => {
      state = 'stopping'
      await journal[Symbol.asyncDispose]()
    },
  }
}

type Changes =
  | ('createGroup' | 'deleteGroup' | 'createDisk' | 'growDisk' | 'deleteDisk')
  | ('createRecoveryPoint' | 'deleteRecoveryPoint')
  | ('registerInitiator' | 'removeInitiator' | 'grant' | 'revoke')

/** A change is checked for what is wrong with the request itself, then run as an operation. */
function changes(
  journal: Journal<Transactor>,
  operations: ReturnType<typeof operationsOf>,
): Pick<VolumeGroups, Changes> {
  const optionsOf = (call: CallOptions = {}) => ({ key: call.idempotencyKey, signal: call.signal })
  return {
    createGroup: async (spec, call) => {
      checkGroup(spec)
      return journal.run(operations.createGroup, spec, optionsOf(call))
    },
    deleteGroup: (id, call) => journal.run(operations.deleteGroup, id, optionsOf(call)),
    createDisk: async (spec, call) => {
      checkDisk(spec)
      return journal.run(operations.createDisk, spec, optionsOf(call))
    },
    growDisk: async (id, size, call) => {
      checkGrowth(size)
      return journal.run(operations.growDisk, { id, size }, optionsOf(call))
    },
    deleteDisk: (id, call) => journal.run(operations.deleteDisk, id, optionsOf(call)),
    createRecoveryPoint: async (spec, call) => {
      checkRecoveryPoint(spec)
      return journal.run(operations.createRecoveryPoint, spec, optionsOf(call))
    },
    deleteRecoveryPoint: (id, call) => journal.run(operations.deleteRecoveryPoint, id, optionsOf(call)),
    registerInitiator: async (spec, call) => {
      checkInitiator(spec)
      return journal.run(operations.registerInitiator, spec, optionsOf(call))
    },
    removeInitiator: (id, call) => journal.run(operations.removeInitiator, id, optionsOf(call)),
    grant: (spec, call) => journal.run(operations.grant, spec, optionsOf(call)),
    revoke: (diskId, initiatorId, call) =>
      journal.run(operations.revoke, { diskId, initiatorId }, optionsOf(call)),
  }
}

/** The same methods, admitted, heeding a signal that ended already, throwing StorageError and nothing else. */
function edge<Methods extends object>(methods: Methods, admit: () => void): Methods {
  const wrapped = Object.entries(methods).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        admit()
        const call = args.at(-1) as CallOptions | undefined
        if (call?.signal?.aborted) throw journalErrors.stoppedWaiting(call.signal.reason)
        return await method(...args)
      } catch (error) {
        throw asStorageError(error)
      }
    },
  ])
  return Object.fromEntries(wrapped)
}
