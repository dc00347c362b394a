const WRITE_AFTER_MS = 200

type Steps = ReadonlyMap<string, string>

/**
 * At which step each operation is, written down some time later and for all of them together: quick operations
 * cost no transaction for it. Nothing depends on it; a recovery undoes or does all steps.
 */
export class StepNotes {
  readonly #steps = new Map<string, string>()
  readonly #write: (steps: Steps) => void
  #timer: NodeJS.Timeout | undefined

  constructor(write: (steps: Steps) => void) {
    this.#write = write
  }

  note(operationId: string, step: string): void {
    this.#steps.set(operationId, step)
    this.#timer ??= setTimeout(() => this.#flush(), WRITE_AFTER_MS).unref()
  }

  forget(operationId: string): void {
    this.#steps.delete(operationId)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#steps.clear()
  }

  #flush(): void {
    this.#timer = undefined
    if (this.#steps.size === 0) return
    this.#write(new Map(this.#steps))
    this.#steps.clear()
  }
}
