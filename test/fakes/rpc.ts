import { type Logger, pino } from 'pino'
import type { Call } from '../../src/rpc/call.ts'

/** A call as the edge would make it, with a log that nobody reads. */
export const testCall = (signal: AbortSignal = new AbortController().signal): Call => ({
  log: pino({ enabled: false }),
  signal,
})

/** A logger that keeps its lines. */
export function memoryLog(): { readonly log: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}
