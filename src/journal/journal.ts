import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { decodeExactly, encodeExactly } from '../lib/exact-json.ts'
import { settlesWithin, untilAborted } from '../lib/waiting.ts'
import type { AnyDefinition, Definition, Lock } from './definition.ts'
import {
  begin,
  type Ending,
  execute,
  goForward,
  type Live,
  newLive,
  type Surroundings,
  undo,
} from './execution.ts'
import { EntityLocks, type LockOwner } from './locks.ts'
import type { JournalOptions } from './options.ts'
import type { JournalWriter, OperationRecord } from './ports.ts'
import { StepNotes } from './step-notes.ts'

export interface RunOptions {
  /** The same key and request give the same result, as long as it stands; per kind of operation. */
  readonly key?: string | undefined
  /** Ends the waiting, not the operation. */
  readonly signal?: AbortSignal | undefined
}

/** What became of the operations that a former process left open. */
export type Recovery = Record<Ending, readonly string[]>

/** Either the answer, or what an operation (just begun, or joined) will answer. */
type Admission = { readonly answer: unknown } | { readonly outcome: Promise<unknown> }

const PRUNE_EVERY = 256

/** Runs operations: a transaction for the intent, the steps, a transaction for the result; and finishes them all. */
export class Journal<Tx extends JournalWriter> implements AsyncDisposable {
  readonly #options: JournalOptions<Tx>
  readonly #around: Surroundings<Tx>
  readonly #locks = new EntityLocks()
  readonly #live = new Map<string, Live<Tx>>()
  /** Those of this process that could not be noted down, by id. */
  readonly #open = new Map<string, LockOwner>()
  readonly #running = new Set<Promise<unknown>>()
  /** What goes on beside operations. */
  readonly #aside = new Set<Promise<unknown>>()
  readonly #stop = new AbortController()
  readonly #notes: StepNotes
  #callers = 0
  #admitted = 0

  constructor(options: JournalOptions<Tx>) {
    this.#options = options
    this.#notes = new StepNotes(options.limits.noteAfterMs, (steps) => this.#writeSteps(steps))
    this.#around = { ...options, stop: this.#stop.signal, note: (id, step) => this.#notes.note(id, step) }
  }

  async run<Request, Intent, Result>(
    definition: Definition<Tx, Request, Intent, Result>,
    request: Request,
    { key, signal }: RunOptions = {},
  ): Promise<Result> {
    const { errors, limits } = this.#options
    if (signal?.aborted) throw errors.stoppedWaiting(signal.reason)
    if (this.#stop.signal.aborted) throw errors.stopping()
    if (Math.max(this.#callers, this.#live.size) >= limits.maxInFlight)
      throw errors.tooMany(limits.maxInFlight)
    const work = this.#answer(definition, request, key)
    return untilAborted(work, signal).catch((error) => {
      throw signal?.aborted && error === signal.reason ? errors.stoppedWaiting(error) : error
    })
  }

  async #answer<Request, Intent, Result>(
    definition: Definition<Tx, Request, Intent, Result>,
    request: Request,
    key: string | undefined,
  ): Promise<Result> {
    this.#callers += 1
    try {
      const admission = await this.#admit(definition, request, key)
      return (await ('outcome' in admission ? admission.outcome : admission.answer)) as Result
    } finally {
      this.#callers -= 1
    }
  }

  async #admit<Request, Intent, Result>(
    definition: Definition<Tx, Request, Intent, Result>,
    request: Request,
    key: string | undefined,
  ): Promise<Admission> {
    const { newId, now, transactions } = this.#options
    const owner = { operationId: newId(), kind: definition.kind, sinceMs: now().getTime() }
    const keyed = key === undefined ? undefined : { key, requestHash: hashOf(request) }
    let begun: Live<Tx> | undefined
    try {
      const admission = await transactions.transact(async (tx) => {
        await this.#pruneNowAndThen(tx)
        const known = keyed && (await this.#known(tx, definition.kind, keyed))
        return known ?? this.#plan(tx, definition, { request, owner, keyed })
      })
      begun = this.#live.get(owner.operationId)
      return admission
    } finally {
      if (begun) this.#track(begun, owner, begin(begun, this.#around))
      else {
        this.#live.delete(owner.operationId)
        this.#locks.release(owner)
      }
    }
  }

  /** What is known of the key: the operation that still runs, or the result. */
  async #known(
    tx: Tx,
    kind: string,
    { key, requestHash }: { key: string; requestHash: string },
  ): Promise<Admission | undefined> {
    const record = await tx.key(kind, key)
    if (record === undefined) return undefined
    if (record.requestHash !== requestHash) throw this.#options.errors.keyReused(key)
    const live = this.#live.get(record.operationId)
    if (live) return { outcome: live.outcome.promise }
    const operation = await tx.operationRecord(record.operationId)
    assert(operation?.result !== undefined, `the key of ${record.operationId} outlived its operation`)
    return { answer: decodeExactly(operation.result) }
  }

  async #plan<Request, Intent, Result>(
    tx: Tx,
    definition: Definition<Tx, Request, Intent, Result>,
    call: { request: Request; owner: LockOwner; keyed: { key: string; requestHash: string } | undefined },
  ): Promise<Admission> {
    const { owner, keyed } = call
    const { kind, steps, forward, supersedes } = definition
    const plan = await definition.plan(tx, call.request)
    const keep = async (record: OperationRecord): Promise<void> => {
      await tx.insertOperation(record)
      if (keyed) await tx.insertKey({ ...keyed, kind, operationId: record.id })
    }
    const { realm } = plan
    if (plan.met) {
      const { result, subject } = plan.met
      if (keyed) await keep(this.#record(owner, { subject, entities: [subject], realm, result }))
      return { answer: result }
    }
    const { intent } = plan
    this.#lock(definition.locks(intent), owner)
    const about = { subject: definition.subject(intent), entities: definition.entities(intent), realm }
    if (steps.length + forward.length === 0) {
      const result = await definition.commit(tx, intent)
      await tx.forgetKeys(about.subject, supersedes)
      await keep(this.#record(owner, { ...about, result }))
      return { answer: result }
    }
    await keep(this.#record(owner, { ...about, intent }))
    const live = newLive(owner.operationId, definition, intent)
    this.#live.set(live.id, live) // before the transaction ends: a retry that comes next joins it
    return { outcome: live.outcome.promise }
  }

  #lock(locks: Parameters<EntityLocks['acquire']>[0], owner: LockOwner): void {
    const conflict = this.#locks.acquire(locks, owner)
    if (conflict === undefined) return
    const { entity, holder } = conflict
    const { operationId, kind, sinceMs } = holder
    const heldMs = this.#options.now().getTime() - sinceMs
    throw this.#options.errors.busy(entity, { operationId, kind, heldMs })
  }

  /** A new operation: done at once if it has a result, else running. */
  #record(
    { operationId, kind }: LockOwner,
    about: Pick<OperationRecord, 'subject' | 'entities' | 'realm'> & { intent?: unknown; result?: unknown },
  ): OperationRecord {
    const { subject, entities, realm } = about
    const isDone = !('intent' in about)
    const startedAt = this.#options.now()
    return {
      ...{ id: operationId, kind, subject, entities, realm, startedAt },
      state: isDone ? 'done' : 'running',
      committed: isDone,
      step: undefined,
      intent: encodeExactly(about.intent),
      result: isDone ? encodeExactly(about.result) : undefined,
      failure: undefined,
      endedAt: isDone ? startedAt : undefined,
    }
  }

  #track(live: Live<Tx>, owner: LockOwner, execution: Promise<Ending>): Promise<Ending> {
    live.outcome.promise.catch(() => {}) // the callers may all have left
    const running = execution.then((ending) => {
      this.#notes.forget(live.id)
      this.#tellEnd(live, owner, ending)
      // What could not be noted down keeps its locks: only a recovery can finish it.
      if (ending === 'open') this.#open.set(live.id, owner)
      else this.#leave(live.id, owner)
      return ending
    })
    this.#running.add(running)
    running.finally(() => this.#running.delete(running))
    return running
  }

  #leave(id: string, owner: LockOwner): void {
    this.#live.delete(id)
    this.#locks.release(owner)
  }

  #tellEnd({ id, definition, intent }: Live<Tx>, { kind, sinceMs }: LockOwner, ending: Ending): void {
    const durationMs = this.#options.now().getTime() - sinceMs
    this.#options.ended({ operationId: id, kind, entities: definition.entities(intent), ending, durationMs })
  }

  /**
   * Does what is no operation, because nothing of it has to be finished later, while no operation holds these locks;
   * undefined when one does. Meanwhile operations find them held by something of this kind.
   */
  async alone<R>(kind: string, locks: readonly Lock[], work: () => Promise<R>): Promise<R | undefined> {
    const owner = { operationId: this.#options.newId(), kind, sinceMs: this.#options.now().getTime() }
    if (this.#stop.signal.aborted || this.#locks.acquire(locks, owner)) return undefined
    const working = work().finally(() => this.#locks.release(owner))
    this.#aside.add(working)
    return working.finally(() => this.#aside.delete(working))
  }

  /**
   * Finishes what was left open, by a former process or because the database was away: forward past the commit point,
   * else back. Nothing else may begin meanwhile; what runs in this process goes on.
   */
  async recover(definitions: readonly AnyDefinition<Tx>[]): Promise<Recovery> {
    const open = await this.#options.transactions.transact(async (tx) => {
      await this.#prune(tx)
      return tx.openOperations()
    })
    await Promise.allSettled(this.#aside) // or it would be in the way
    for (const [id, owner] of this.#open) this.#leave(id, owner)
    this.#open.clear()
    const recovery: { [Key in Ending]: string[] } = { done: [], failed: [], faulted: [], open: [] }
    for (const record of open.filter(({ id }) => !this.#live.has(id))) {
      const definition = definitions.find(({ kind }) => kind === record.kind)
      assert(definition, `no operation is called ${record.kind}`)
      recovery[await this.#resume(record, definition)].push(record.id)
    }
    return recovery
  }

  async #resume(record: OperationRecord, definition: AnyDefinition<Tx>): Promise<Ending> {
    const intent = decodeExactly(record.intent)
    const owner = { operationId: record.id, kind: record.kind, sinceMs: record.startedAt.getTime() }
    // Only one that faulted can be in the way of a later one; it is looked at again at the next start.
    if (this.#locks.acquire(definition.locks(intent), owner)) return 'open'
    const live = newLive(record.id, definition, intent)
    this.#live.set(live.id, live)
    live.committed = record.committed
    live.result = record.committed ? decodeExactly(record.result ?? 'null') : undefined
    live.failure = record.failure
    live.step = record.step
    const running = this.#track(live, owner, this.#finish(live, record))
    // What fails is tried again while the API is open: it holds its locks, and keeps nobody else waiting.
    await live.outcome.promise.catch(() => {})
    return (await settlesWithin(running, 0)) ? running : 'open'
  }

  #finish(live: Live<Tx>, { state }: OperationRecord): Promise<Ending> {
    if (live.committed) return goForward(live, this.#around)
    const redo = live.definition.atRestart === 'redo' && state === 'running'
    return redo ? execute(live, this.#around) : undo(live, this.#around, this.#options.errors.interrupted())
  }

  async #pruneNowAndThen(tx: Tx): Promise<void> {
    this.#admitted += 1
    if (this.#admitted % PRUNE_EVERY === 0) await this.#prune(tx)
  }

  async #prune(tx: Tx): Promise<void> {
    const { now, limits } = this.#options
    await tx.pruneOperations(new Date(now().getTime() - limits.historyMs), limits.historyCount)
  }

  #writeSteps(steps: ReadonlyMap<string, string>): void {
    const about = { operationId: [...steps.keys()].join(' '), kind: 'any', step: 'note steps' }
    this.#options.transactions
      .transact((tx) => tx.noteSteps(steps))
      .catch((error) => this.#options.report({ ...about, error }))
  }

  /** Takes no more calls and waits, within limits, for what runs; the next start finishes the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#notes.stop()
    await settlesWithin(Promise.allSettled([...this.#running, ...this.#aside]), this.#options.limits.drainMs)
  }
}

const hashOf = (request: unknown): string => createHash('sha256').update(encodeExactly(request)).digest('hex')
