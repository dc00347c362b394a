import { setTimeout as sleep } from 'node:timers/promises'
import { decodeExactly, encodeExactly } from '../lib/exact-json.ts'
import { settlesWithin } from '../lib/waiting.ts'
import type { AnyDefinition, Commit, Step } from './definition.ts'
import type { JournalOptions } from './options.ts'
import type { JournalWriter, OperationFailure } from './ports.ts'

/** An operation that runs in this process. */
export interface Live<Tx extends JournalWriter> {
  readonly id: string
  readonly definition: AnyDefinition<Tx>
  readonly intent: unknown
  /** What the caller hears; settled before the operation ends when the rest needs no caller. */
  readonly outcome: PromiseWithResolvers<unknown>
  committed: boolean
  result: unknown
  /** The one under way, or the last. */
  step: string | undefined
  /** Why it is undone. */
  failure: OperationFailure | undefined
}

export interface Surroundings<Tx extends JournalWriter> extends JournalOptions<Tx> {
  /** Remembers the step for whoever looks; durable some time later. */
  note(operationId: string, step: string): void
  readonly stop: AbortSignal
}

/** How an operation ended. `open`: the journal still has it, and the next start finishes it. */
export type Ending = 'done' | 'failed' | 'faulted' | 'open'

/** A new operation: it is executed unless its check refuses it. Settles the outcome; never throws. */
export async function begin<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
): Promise<Ending> {
  try {
    const { check } = live.definition
    if (check) await bounded(live, around, { name: 'check' }, () => check(live.intent as never))
  } catch (error) {
    return refuse(live, around, error)
  }
  return execute(live, around)
}

/** Nothing was done, so there is nothing to take back, which might need what is missing. */
async function refuse<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
  error: unknown,
): Promise<Ending> {
  const failure = around.errors.describe(error)
  live.failure = failure
  try {
    await end(live, around, { state: 'failed', failure, step: live.step, endedAt: around.now() })
    return 'failed'
  } catch (databaseError) {
    around.report({ ...about(live), step: 'journal', error: databaseError })
    return 'open'
  } finally {
    live.outcome.reject(error)
  }
}

/** Steps, commit, forward; or, before the commit point, undo. Settles the outcome; never throws. */
export async function execute<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
): Promise<Ending> {
  try {
    for (const step of live.definition.steps) {
      if (step.run) await bounded(live, around, step, () => step.run?.(live.intent))
    }
    await commit(live, around)
  } catch (error) {
    if (!live.committed) return undo(live, around, error)
  }
  return goForward(live, around)
}

async function commit<Tx extends JournalWriter>(live: Live<Tx>, around: Surroundings<Tx>): Promise<void> {
  const { definition, intent } = live
  const isLast = definition.forward.length === 0
  const change = async (tx: Tx): Promise<unknown> => {
    const result = await definition.commit(tx, intent)
    await tx.updateOperation(live.id, {
      state: isLast ? 'done' : 'running',
      committed: true,
      step: undefined,
      result: encodeExactly(result),
      endedAt: isLast ? around.now() : undefined,
    })
    await tx.forgetKeys(definition.subject(intent), definition.supersedes)
    return result
  }
  const commit: Commit<Tx> = {
    commit: async () => {
      live.result = await around.transactions.transact(change).catch((error) => {
        throw around.errors.atStep(error, 'commit')
      })
      live.committed = true
    },
    preview: (look) =>
      around.transactions.rehearse(async (tx) => {
        await definition.commit(tx, intent)
        return look(tx)
      }),
    step: (name, work) => bounded(live, around, { name }, work),
  }
  await (definition.seal?.(intent, commit) ?? commit.commit())
}

/** The result is decided: the caller waits only as long as all goes well. */
export async function goForward<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
): Promise<Ending> {
  const { definition, outcome } = live
  const answer = () => outcome.resolve(live.result)
  try {
    for (const step of definition.forward) {
      const attempt = () => bounded(live, around, step, () => step.run?.(live.intent), answer)
      await retried(live, around, { step: step.name, attempt, answer })
    }
    if (definition.forward.length > 0) {
      await end(live, around, { state: 'done', step: undefined, endedAt: around.now() })
    }
    return 'done'
  } catch (error) {
    return around.stop.aborted ? 'open' : fault(live, around, error)
  } finally {
    answer()
  }
}

/** Takes back all steps, last first, whether they ran or not. The caller waits only as long as that goes well. */
export async function undo<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
  error: unknown,
): Promise<Ending> {
  const answer = () => live.outcome.reject(error)
  try {
    if (await hasCommitted(live, around)) return await goForward(live, around)
    const failure = live.failure ?? around.errors.describe(error)
    live.failure = failure
    const failed = { failure, step: live.step }
    await end(live, around, { ...failed, state: 'undoing' })
    for (const step of live.definition.steps.toReversed()) {
      if (step.undo === undefined) continue
      const name = `undo ${step.name}`
      const attempt = () => bounded(live, around, { ...step, name }, () => step.undo?.(live.intent), answer)
      await retried(live, around, { step: name, attempt, answer })
    }
    await end(live, around, { ...failed, state: 'failed', endedAt: around.now() })
    return 'failed'
  } catch (undoError) {
    return around.stop.aborted ? 'open' : await fault(live, around, undoError)
  } finally {
    answer()
  }
}

/** A commit whose answer was lost may have been made: only the database knows. */
async function hasCommitted<Tx extends JournalWriter>(
  live: Live<Tx>,
  { transactions }: Surroundings<Tx>,
): Promise<boolean> {
  const record = await transactions.transact((tx) => tx.operationRecord(live.id))
  if (!record?.committed) return false
  live.committed = true
  live.result = decodeExactly(record.result ?? 'null')
  return true
}

/** It could not be finished, forward or back: it stays to be seen, and the next start tries again. */
async function fault<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
  error: unknown,
): Promise<Ending> {
  const { reason, message } = around.errors.describe(error)
  const former = live.failure
  const failure = former
    ? { reason: former.reason, message: `${former.message}; then: ${message}` }
    : { reason, message }
  try {
    await end(live, around, { state: 'faulted', step: live.step, failure })
    return 'faulted'
  } catch (databaseError) {
    around.report({ ...about(live), step: 'journal', error: databaseError })
    return 'open'
  }
}

type Change = Parameters<JournalWriter['updateOperation']>[1]

/** Notes a turn of the operation; one that did not reach its result frees its key, so that a retry runs again. */
async function end<Tx extends JournalWriter>(
  live: Live<Tx>,
  { transactions }: Surroundings<Tx>,
  change: Change,
): Promise<void> {
  await transactions.transact(async (tx) => {
    await tx.updateOperation(live.id, change)
    if (!live.committed && change.state !== 'undoing') await tx.freeKeyOf(live.id)
  })
}

/**
 * Runs one step under its deadline. The caller hears of a missed deadline at once (`onLate`), but the operation
 * waits for the step to settle: what still runs must not meet its own undo.
 */
async function bounded<Tx extends JournalWriter>(
  live: Live<Tx>,
  around: Surroundings<Tx>,
  step: Pick<Step<never>, 'name' | 'limitMs'>,
  work: () => Promise<unknown> | undefined,
  onLate: (error: Error) => void = (error) => live.outcome.reject(error),
): Promise<void> {
  const limitMs = step.limitMs ?? around.limits.stepLimitMs
  live.step = step.name
  around.note(live.id, step.name)
  const running = (async () => work())()
  try {
    if (await settlesWithin(running, limitMs)) return void (await running)
  } catch (error) {
    throw around.errors.atStep(error, step.name)
  }
  const late = around.errors.stepTimedOut(step.name, limitMs)
  onLate(late)
  await running.catch(() => {})
  throw late
}

interface Retries {
  readonly step: string
  readonly attempt: () => Promise<void>
  /** Lets the caller go, once it is clear that this takes longer. */
  readonly answer: () => void
}

async function retried<Tx extends JournalWriter>(
  live: Live<Tx>,
  { limits, report, stop }: Surroundings<Tx>,
  { step, attempt, answer }: Retries,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      answer()
      report({ ...about(live), step, error })
      if (tries === limits.attempts) throw error
      const pauseMs = Math.min(limits.backoffMs * 2 ** (tries - 1), limits.maxBackoffMs)
      await sleep(pauseMs, undefined, { signal: stop })
    }
  }
}

const about = <Tx extends JournalWriter>({ id, definition }: Live<Tx>) => ({
  operationId: id,
  kind: definition.kind,
})

export function newLive<Tx extends JournalWriter>(
  id: string,
  definition: AnyDefinition<Tx>,
  intent: unknown,
): Live<Tx> {
  const outcome = Promise.withResolvers<unknown>()
  const progress = { committed: false, result: undefined, step: undefined, failure: undefined }
  return { id, definition, intent, outcome, ...progress }
}
