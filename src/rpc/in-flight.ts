import { StorageError } from '../volumegroups/index.ts'

interface Holder {
  readonly rpc: string
  readonly since: number
}

/** Lets one call at a time work on an object, and a bounded number of calls in all; refuses the others at once. */
export class InFlight {
  readonly #holders = new Map<string, Holder>()
  readonly #maxCalls: number
  #calls = 0

  constructor(maxCalls: number) {
    this.#maxCalls = maxCalls
  }

  /** @param key the object that the task works on; undefined when any number of tasks may run side by side. */
  async run<Result>(rpc: string, key: string | undefined, task: () => Promise<Result>): Promise<Result> {
    this.#admit(key)
    if (key !== undefined) this.#holders.set(key, { rpc, since: performance.now() })
    this.#calls += 1
    try {
      return await task()
    } finally {
      this.#calls -= 1
      if (key !== undefined) this.#holders.delete(key)
    }
  }

  #admit(key: string | undefined): void {
    if (this.#calls >= this.#maxCalls) {
      throw new StorageError('TOO_MANY_CALLS', `${this.#calls} calls are under way, which is the limit`)
    }
    const holder = key === undefined ? undefined : this.#holders.get(key)
    if (holder === undefined) return
    const ageMs = Math.round(performance.now() - holder.since)
    throw new StorageError('ENTITY_BUSY', `${holder.rpc} has been at work on ${key} for ${ageMs} ms`)
  }
}
