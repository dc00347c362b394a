type Steps = ReadonlyMap<string, string>

/**
 * At which step each operation is, written down some time later and for all of them together: quick operations
 * cost no transaction for it. Nothing depends on it; a recovery undoes or does all steps.
 */
export class StepNotes {
  readonly #steps = new Map<string, string>()
  readonly #afterMs: number
  readonly #write: (steps: Steps) => void
  #timer: NodeJS.Timeout | undefined

  constructor(afterMs: number, write: (steps: Steps) => void) {
    this.#afterMs = afterMs
    this.#write = write
  }

  note(operationId: string, step: string): void {
    this.#steps.set(operationId, step)
    this.#timer ??= setTimeout(() => this.#flush(), this.#afterMs).unref()
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
