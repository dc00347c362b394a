/** Runs tasks of one key one after another, tasks of different keys side by side. */
export class KeyedQueue {
  readonly #tails = new Map<string, { last: Promise<unknown>; waiting: number }>()
  readonly #maxWaiting: number

  /** @param maxWaiting how many tasks may wait for one key; one more throws QueueFullError. */
  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const entry = this.#tails.get(key) ?? { last: Promise.resolve(), waiting: 0 }
    if (entry.waiting > this.#maxWaiting) throw new QueueFullError(key)
    entry.waiting += 1
    this.#tails.set(key, entry)
    const result = entry.last.then(task)
    entry.last = result.catch(() => {})
    try {
      return await result
    } finally {
      entry.waiting -= 1
      if (entry.waiting === 0) this.#tails.delete(key)
    }
  }
}

/** Too many tasks wait for one key. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'

  constructor(key: string) {
    super(`too many tasks wait for ${key}`)
  }
}
