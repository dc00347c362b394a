import type { JournalErrors, JournalWriter, Transactions } from './ports.ts'

/** Something that went wrong with nobody waiting for it: for the log. */
export interface Trouble {
  readonly operationId: string
  readonly kind: string
  readonly step: string
  readonly error: unknown
}

/** An operation that is over: for the log. */
export interface EndedOperation {
  readonly operationId: string
  readonly kind: string
  readonly entities: readonly string[]
  /** `open`: the next start finishes it. */
  readonly ending: 'done' | 'failed' | 'faulted' | 'open'
  readonly durationMs: number
}

export interface JournalLimits {
  /** Operations and callers at one time. */
  readonly maxInFlight: number
  readonly stepLimitMs: number
  /** How long an operation runs before its step is written down; quick ones cost no transaction for it. */
  readonly noteAfterMs: number
  /** Of an undo or a forward step, before the operation is faulted. */
  readonly attempts: number
  /** Before the second attempt; doubles up to `maxBackoffMs`. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** How long a stop waits for what runs. */
  readonly drainMs: number
  /** How long, and how many, ended operations and their keys are remembered. */
  readonly historyMs: number
  readonly historyCount: number
}

export const DEFAULT_LIMITS: JournalLimits = {
  maxInFlight: 64,
  stepLimitMs: 120_000,
  noteAfterMs: 200,
  attempts: 20, // some six minutes: a target or store that restarts is there again long before
  backoffMs: 100,
  maxBackoffMs: 30_000,
  drainMs: 30_000,
  historyMs: 7 * 24 * 3600 * 1000, // Kubernetes retries for days
  historyCount: 10_000,
}

export interface JournalOptions<Tx extends JournalWriter> {
  readonly transactions: Transactions<Tx>
  readonly errors: JournalErrors
  readonly newId: () => string
  readonly now: () => Date
  readonly report: (trouble: Trouble) => void
  readonly ended: (operation: EndedOperation) => void
  readonly limits: JournalLimits
}
