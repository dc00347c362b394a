/** What the journal needs of a database, and the words in which it reports. It knows no storage. */

export type OperationState = 'running' | 'undoing' | 'done' | 'failed' | 'faulted'

export interface OperationFailure {
  readonly reason: string
  readonly message: string
}

/** An operation as it is kept: enough to finish or undo it after a restart. */
export interface OperationRecord {
  readonly id: string
  readonly kind: string
  /** What the operation is about; a key's memory ends with it. */
  readonly subject: string
  readonly entities: readonly string[]
  readonly realm: string | undefined
  readonly state: OperationState
  /** Past its commit point: it can only go forward. */
  readonly committed: boolean
  readonly step: string | undefined
  /** Encoded with `encodeExactly`. */
  readonly intent: string
  /** Encoded with `encodeExactly`; undefined until it is done. */
  readonly result: string | undefined
  readonly failure: OperationFailure | undefined
  readonly startedAt: Date
  readonly endedAt: Date | undefined
}

export interface KeyRecord {
  readonly kind: string
  readonly key: string
  readonly requestHash: string
  readonly operationId: string
}

export type OperationChange = Partial<
  Pick<OperationRecord, 'state' | 'committed' | 'step' | 'result' | 'failure' | 'endedAt'>
>

/** The journal's share of a transaction. */
export interface JournalWriter {
  key(kind: string, key: string): Promise<KeyRecord | undefined>
  operationRecord(id: string): Promise<OperationRecord | undefined>
  /** Running, undoing or faulted ones, oldest first. */
  openOperations(): Promise<readonly OperationRecord[]>
  insertOperation(record: OperationRecord): Promise<void>
  insertKey(record: KeyRecord): Promise<void>
  updateOperation(id: string, change: OperationChange): Promise<void>
  /** Notes how far running operations have come; those that ended meanwhile stay as they are. */
  noteSteps(steps: ReadonlyMap<string, string>): Promise<void>
  /** Makes the key of an operation free again. */
  freeKeyOf(operationId: string): Promise<void>
  /** Forgets the keys of earlier operations of these kinds on the subject. */
  forgetKeys(subject: string, kinds: readonly string[]): Promise<void>
  /** Forgets done and failed operations that ended before the date, and all but the newest `keep`. */
  pruneOperations(endedBefore: Date, keep: number): Promise<void>
}

export interface Transactions<Tx extends JournalWriter> {
  /** Runs `change` in one transaction, durable when it returns; a throw rolls back. No I/O inside. */
  transact<Result>(change: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Runs `change`, gives back its result, and rolls back. */
  rehearse<Result>(change: (tx: Tx) => Promise<Result>): Promise<Result>
}

export interface Holder {
  readonly operationId: string
  readonly kind: string
  readonly heldMs: number
}

/** The errors that the journal throws, made by its user in the user's own terms. */
export interface JournalErrors {
  busy(entity: string, holder: Holder): Error
  tooMany(limit: number): Error
  keyReused(key: string): Error
  stepTimedOut(step: string, limitMs: number): Error
  stoppedWaiting(cause: unknown): Error
  stopping(): Error
  /** Of an operation that a restart found unfinished, and undid. */
  interrupted(): Error
  atStep(error: unknown, step: string): Error
  describe(error: unknown): OperationFailure
}
