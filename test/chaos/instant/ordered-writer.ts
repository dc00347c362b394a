import { setTimeout as sleep } from 'node:timers/promises'

interface Disks {
  readonly disks: number
  /** Comes back when the sequence is durable on this disk. */
  readonly write: (disk: number, sequence: number) => Promise<void>
  readonly close: () => Promise<void>
}

type Phase = 'alone' | 'during' | 'between'

const ALONE_MS = 2000

/** Writes sequence 1 to every disk in turn, then sequence 2, …: a disk gets it when the one before it has it durably. */
export class OrderedWriter {
  /** How long each write took, in ms: before any point, while one was being taken, and otherwise. */
  readonly #latencies: Record<Phase, number[]> = { alone: [], during: [], between: [] }
  readonly #disks: Disks
  readonly #done: Promise<void>
  #phase: Phase = 'alone'
  #stopping = false
  #rounds = 0

  constructor(disks: Disks) {
    this.#disks = disks
    this.#done = this.#work()
    this.#done.catch(() => {}) // stop() and during() tell of it
  }

  async #work(): Promise<void> {
    const { disks, write } = this.#disks
    while (!this.#stopping) {
      const sequence = this.#rounds + 1
      for (let disk = 0; disk < disks; disk += 1) await this.#measure(() => write(disk, sequence))
      this.#rounds = sequence
    }
  }

  async #measure(write: () => Promise<void>): Promise<void> {
    const phase = this.#phase
    const began = performance.now()
    await write()
    // One that was under way when a point began is one of the point's.
    this.#latencies[phase === 'between' ? this.#phase : phase].push(performance.now() - began)
  }

  /** Lets it write by itself for a while: to compare with. */
  async alone(): Promise<void> {
    await sleep(ALONE_MS)
    this.#phase = 'between'
  }

  /** Waits until it has written so many more to every disk; gives the last that all of them have. */
  async rounds(count: number): Promise<number> {
    const end = this.#rounds + count
    while (this.#rounds < end) await Promise.race([sleep(1), this.#done])
    return this.#rounds
  }

  /** Does the task while it writes. */
  async during<Value>(task: () => Promise<Value>): Promise<Value> {
    this.#phase = 'during'
    try {
      return await task()
    } finally {
      this.#phase = 'between'
    }
  }

  /** Ends after a whole round; throws what a write failed with. */
  async stop(): Promise<void> {
    this.#stopping = true
    try {
      await this.#done
    } finally {
      await this.#disks.close()
    }
  }

  /** How long a durable write took, in lines for people. */
  describe(): string {
    return Object.entries(this.#latencies)
      .map(([phase, values]) => `  a durable write, ${TITLES[phase as Phase]}: ${figuresOf(values)}\n`)
      .join('')
  }
}

const TITLES: Record<Phase, string> = {
  alone: 'before any point',
  during: 'while a point is taken',
  between: 'between points',
}

function figuresOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1)
  return `${sorted.length} writes, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`
}
