import type { Logger } from 'pino'
import type { Command } from '../../../host/exec.ts'

export interface SeatOptions {
  /** Starts a worker. */
  readonly command: Command
  /** A folder for compiled code. */
  readonly codeCache: string
  readonly slots: number
  /** The kernel hands out again what a dead worker left unanswered (Linux 6.9). */
  readonly canResend: boolean
  readonly log: Logger
}

/** How long a worker may take for each thing that it is asked. */
export const LIMIT_MS = {
  open: 45_000,
  start: 10_000,
  refresh: 30_000,
  flush: 30_000,
  close: 15_000,
  ready: 20_000,
  drain: 10_000,
  tell: 5000,
} as const
