/** Runs tasks side by side, so many at once and one of a key; those that wait go by order of arrival. */
export class KeyedPool {
  readonly #waiting = new Map<string, () => Promise<void>>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #width: number
  #stopped = false

  constructor(width: number) {
    this.#width = width
  }

  /** Does nothing if a task of the key waits or runs already. The task must not throw. */
  offer(key: string, task: () => Promise<void>): void {
    if (this.#stopped || this.#waiting.has(key) || this.#running.has(key)) return
    this.#waiting.set(key, task)
    this.#pump()
  }

  /** Forgets what waits, and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waiting.clear()
    await this.idle()
  }

  /** Until nothing waits or runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  #pump(): void {
    for (const [key, task] of this.#waiting) {
      if (this.#running.size >= this.#width) return
      this.#waiting.delete(key)
      const run = task().finally(() => {
        this.#running.delete(key)
        this.#pump()
      })
      this.#running.set(key, run)
    }
  }
}
