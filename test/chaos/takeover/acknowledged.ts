import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const WRITER = new URL('./writer.ts', import.meta.url).pathname
export const BLOCKS = 64
const BLOCK = 4096

/** One write that the device has acknowledged as durable, and when by the machine's monotonic clock. */
export interface Acknowledged {
  readonly number: bigint
  readonly atNs: bigint
}

/** A writer on a device, in a process of its own, and what was acknowledged to it. */
export class Writer {
  readonly acknowledged: Acknowledged[] = []
  /** Resolves when it has ended, by an error of the device or because it was told to. */
  readonly ended: Promise<unknown>
  readonly #child: ChildProcess
  #errors = ''

  constructor(device: string, first: bigint) {
    this.#child = spawn(process.execPath, [WRITER, device, String(first), String(BLOCKS)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let rest = ''
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() as string
      for (const line of lines) {
        const [number, atNs] = line.split(' ') as [string, string]
        this.acknowledged.push({ number: BigInt(number), atNs: BigInt(atNs) })
      }
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk
    })
    this.ended = once(this.#child, 'close')
  }

  get last(): Acknowledged | undefined {
    return this.acknowledged.at(-1)
  }

  get errors(): string {
    return this.#errors
  }

  async untilBusy(): Promise<void> {
    for (let wait = 0; this.acknowledged.length < 5; wait += 1) {
      if (wait > 1000) throw new Error(`the writer does not write: ${this.#errors}`)
      await sleep(10)
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/** The number in each block. */
export const numbersIn = (content: Buffer): readonly bigint[] =>
  Array.from({ length: BLOCKS }, (_, index) => content.readBigUInt64LE(index * BLOCK))

/** The acknowledged writes that the content does not hold: their block has an older number. */
export function missingFrom(content: Buffer, acknowledged: readonly Acknowledged[]): readonly bigint[] {
  const found = numbersIn(content)
  const newest = new Map(acknowledged.map(({ number }) => [Number(number % BigInt(BLOCKS)), number]))
  return [...newest]
    .filter(([index, number]) => (found[index] as bigint) < number)
    .map(([, number]) => number)
}
