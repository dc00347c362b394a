import type { JournalWriter } from './ports.ts'

export interface Step<Intent> {
  readonly name: string
  /** Idempotent. */
  run?(intent: Intent): Promise<unknown>
  /** Idempotent, also when `run` did nothing or only half. Without a `run`, it is the undo of what follows. */
  undo?(intent: Intent): Promise<unknown>
  /** Default: the journal's. */
  readonly limitMs?: number
}

export interface Lock {
  readonly entity: string
  readonly mode: 'exclusive' | 'shared'
}

/** What a plan decided: there is something to do, or the request is met already. */
export type Plan<Intent, Result> = Realm &
  (
    | { readonly intent: Intent; readonly met?: never }
    | { readonly met: { readonly result: Result; readonly subject: string }; readonly intent?: never }
  )

export interface Realm {
  /** Where the operation belongs, for whoever looks for it there; opaque here. */
  readonly realm?: string | undefined
}

/**
 * One kind of operation. Its intent is all that it needs to be finished or undone after a restart: plain data.
 * Order: plan and intent (one transaction), steps, commit (one transaction), then `forward`, which can't be undone.
 * With neither steps nor forward, plan and commit are one transaction.
 */
export interface Definition<Tx extends JournalWriter, Request, Intent, Result> {
  readonly kind: string
  /** Decides on committed state, alone: no other transaction runs. Throws what the caller did wrong. */
  plan(tx: Tx, request: Request): Promise<Plan<Intent, Result>>
  locks(intent: Intent): readonly Lock[]
  subject(intent: Intent): string
  /** The ids that the operation works on, for whoever looks at it. */
  entities(intent: Intent): readonly string[]
  /** Looks at what may forbid it now, before the first step: what it throws fails it, with nothing to undo. */
  check?(intent: Intent): Promise<void>
  readonly steps: readonly Step<Intent>[]
  /** Calls `commit.commit()` once, with whatever must surround it. */
  seal?(intent: Intent, commit: Commit<Tx>): Promise<void>
  commit(tx: Tx, intent: Intent): Promise<Result>
  readonly forward: readonly Step<Intent>[]
  /** Kinds whose keys on the same subject mean nothing any more once this one is done. */
  readonly supersedes: readonly string[]
  /** What a restart does with one that had not committed. Default: undo. */
  readonly atRestart?: 'undo' | 'redo'
}

/** Any definition, by whom its kind is not known. */
export type AnyDefinition<Tx extends JournalWriter> = Definition<Tx, never, unknown, unknown>

export interface Commit<Tx> {
  /** Makes the change for good. */
  commit(): Promise<void>
  /** What `look` would see once the change is made; nothing stays. */
  preview<Seen>(look: (tx: Tx) => Promise<Seen>): Promise<Seen>
  /** Does something beside the database, with a step's name and deadline. */
  step(name: string, work: () => Promise<void>): Promise<void>
}
