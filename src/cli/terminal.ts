import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Output {
  write(text: string): void
  /** How wide it is; undefined when nobody looks at it: a file or a pipe. */
  readonly columns: number | undefined
}

/** Where a verb speaks, and with whom. */
export interface Terminal {
  /** The result, and nothing else. */
  readonly out: Output
  /** What is said beside the result. */
  readonly err: Output
  /** Whether somebody is there to answer. */
  readonly isAttended: boolean
  /** Aborts when the person does not want to wait any longer. */
  readonly interrupted: AbortSignal
  ask(question: string): Promise<string>
  now(): Date
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** The terminal, or the pipes, of this process. */
export function processTerminal(interrupted: AbortSignal): Terminal {
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    isAttended: Boolean(process.stdin.isTTY && process.stderr.isTTY),
    interrupted,
    ask: async (question) => {
      using lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
      const ended = once(lines, 'close').then(() => '') // there is no answer at the end of the input
      return await Promise.race([lines.question(question, { signal: interrupted }), ended])
    },
    now: () => new Date(),
    sleep: async (ms, signal) => sleep(ms, undefined, { signal }),
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    get columns() {
      return stream.isTTY ? stream.columns : undefined
    },
  }
}
