import { min } from '../../lib/bigints.ts'
import type { Capacity, PoolState } from '../types.ts'

/** How full a pool may get; marks are parts of what it holds. */
export interface PoolMarks {
  /** All disks together are promised at most this many times what the pool holds. */
  readonly overcommit: number
  readonly warnAt: number
  /** From here on no disk is made or grown. What is there goes on. */
  readonly stopAt: number
  /** When no more than this is left, initiators wait; never more than half of what the stop mark leaves. */
  readonly reserveBytes: bigint
}

export const DEFAULT_MARKS: PoolMarks = {
  ...{ overcommit: 20, warnAt: 0.8, stopAt: 0.95 },
  reserveBytes: 2n * 1024n ** 3n,
}

/** A mark is left only when so much of the pool is free again, so that no state flickers. */
const SLACK = 0.01
/** Initiators go on when this many times the reserve is left. */
const RESUME_FACTOR = 2n

/** The state of a pool that was in state `before`. */
export function poolState(
  { totalBytes, availableBytes }: Pick<Capacity, 'totalBytes' | 'availableBytes'>,
  marks: PoolMarks,
  before: PoolState = 'ok',
): PoolState {
  const usedBytes = totalBytes - availableBytes
  const isOver = (mark: number, states: readonly PoolState[]): boolean =>
    usedBytes >= part(totalBytes, states.includes(before) ? mark - SLACK : mark)
  const reserveBytes = reserveOf(totalBytes, marks)
  const isPaused =
    before === 'paused' ? availableBytes < RESUME_FACTOR * reserveBytes : availableBytes <= reserveBytes
  if (isPaused) return 'paused'
  if (isOver(marks.stopAt, ['stopped', 'paused'])) return 'stopped'
  return isOver(marks.warnAt, ['warning', 'stopped', 'paused']) ? 'warning' : 'ok'
}

/** In these states nothing that takes space is made. */
export const isFull = (state: PoolState): boolean => state === 'stopped' || state === 'paused'

function reserveOf(totalBytes: bigint, { stopAt, reserveBytes }: PoolMarks): bigint {
  return min(reserveBytes, (totalBytes - part(totalBytes, stopAt)) / RESUME_FACTOR)
}

const PRECISION = 1000

export const part = (bytes: bigint, factor: number): bigint =>
  (bytes * BigInt(Math.round(factor * PRECISION))) / BigInt(PRECISION)
