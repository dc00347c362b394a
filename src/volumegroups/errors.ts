import { CATALOGUE, type ErrorKind, type Reason } from './catalogue.ts'

export type { ErrorKind, Reason } from './catalogue.ts'

/** What an error is about. */
export interface EntityRef {
  readonly kind:
    | 'volumeGroup'
    | 'disk'
    | 'recoveryPoint'
    | 'policy'
    | 'initiator'
    | 'attachment'
    | 'operation'
    | 'project'
    | 'token'
    | 'recovery'
    | 'element'
  readonly id: string
}

/** One fault of a request; a request's faults are all told at once. */
export interface Violation {
  readonly field: string
  readonly reason: Reason
  readonly message: string
}

export interface ErrorDetails {
  readonly entity?: EntityRef | undefined
  /** The step of the operation at which it failed. */
  readonly step?: string | undefined
  readonly violations?: readonly Violation[] | undefined
  /** What to do next, when there is more to say than the catalogue says. */
  readonly fix?: string | undefined
  /** The inner error: for the log, never for the caller. */
  readonly cause?: unknown
}

/**
 * The only error that crosses an edge. `message` is for the caller: it says what was at fault, and holds no
 * secret, path or inner error; those go into `cause`.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly reason: Reason
  readonly kind: ErrorKind
  readonly entity: EntityRef | undefined
  readonly step: string | undefined
  readonly violations: readonly Violation[]
  readonly fix: string

  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.reason = reason
    this.kind = CATALOGUE[reason].kind
    this.entity = details.entity
    this.step = details.step
    this.violations = details.violations ?? []
    this.fix = details.fix ?? CATALOGUE[reason].fix
  }
}

/** Collects all faults of one request and throws them together. */
export class Violations {
  readonly #found: Violation[] = []

  add(field: string, reason: Reason, message: string): void {
    this.#found.push({ field, reason, message })
  }

  /** Throws one StorageError with every fault, under the first one's reason. */
  throwIfAny(): void {
    const first = this.#found[0]
    if (first === undefined) return
    const message = this.#found.map((violation) => violation.message).join('; ')
    throw new StorageError(first.reason, message, { violations: this.#found })
  }
}

/** Any error as a StorageError: what is not one already is a defect and becomes INTERNAL. */
export function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error
  return new StorageError('INTERNAL', 'internal error', { cause: error })
}

/** The same error with the step at which it came up. */
export function withStep(error: unknown, step: string): StorageError {
  const known = asStorageError(error)
  const { reason, message, entity, violations, fix, cause } = known
  return known.step !== undefined
    ? known
    : new StorageError(reason, message, { entity, step, violations, fix, cause })
}
