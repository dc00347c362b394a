import { min } from '../lib/bigints.ts'
import type { Reader, Transactor } from './database.ts'
import { StorageError } from './errors.ts'
import { SIZE_UNIT_BYTES } from './limits.ts'
import { bytesInTheMaking } from './operations/promises.ts'
import type { Store, Target } from './ports.ts'
import { isFull, type PoolMarks, part, poolState } from './rules/pool-state.ts'
import type { PoolCapacity, PoolState } from './types.ts'

/** What the pool has left to give, by the store and by what is promised already. */
export interface PoolSpace {
  capacity(): Promise<PoolCapacity>
  /** Throws NO_SPACE when nothing is to be made now, or so many bytes more are too many. */
  admit(moreBytes: bigint): Promise<void>
  /**
   * Throws NO_SPACE when so many bytes more are too many beside what is promised and what is being made: of two that
   * plan at once, the second counts the first.
   */
  promise(tx: Transactor, moreBytes: bigint): Promise<void>
  /**
   * Pauses the target when next to nothing is left, and resumes it when there is space again. What it finds is the
   * state of the pool, from which the next look goes on.
   */
  look(): Promise<PoolCapacity>
}

export interface PoolParts {
  readonly store: Pick<Store, 'capacity'>
  readonly target: Pick<Target, 'pause' | 'resume'>
  readonly reader: Pick<Reader, 'promisedBytes'>
  readonly marks: PoolMarks
}

export function createPoolSpace({ store, target, reader, marks }: PoolParts): PoolSpace {
  let before: PoolState = 'ok'
  let limitBytes: bigint | undefined
  const door = createDoor(target)
  const capacity = async (): Promise<PoolCapacity> => {
    const held = await store.capacity()
    const { totalBytes } = held
    const promisedBytes = await reader.promisedBytes()
    const usedBytes = totalBytes - held.availableBytes
    limitBytes = part(totalBytes, marks.overcommit)
    const toStopBytes = atLeastZero(part(totalBytes, marks.stopAt) - usedBytes)
    const toPromiseBytes = atLeastZero(limitBytes - promisedBytes)
    const state = poolState(held, marks, before)
    // A mark is left only with some slack: until then nothing is admitted, so nothing is available.
    const availableBytes = isFull(state) ? 0n : [held.availableBytes, toStopBytes, toPromiseBytes].reduce(min)
    const wholeBytes = availableBytes - (availableBytes % SIZE_UNIT_BYTES)
    return {
      ...{ totalBytes, usedBytes, availableBytes, promisedBytes },
      maximumDiskBytes: min(held.maximumDiskBytes, wholeBytes),
      state,
    }
  }
  return {
    capacity,
    admit: async (moreBytes) => {
      const { promisedBytes, state } = await capacity()
      if (isFull(state)) throw full(marks)
      checkPromise(promisedBytes, moreBytes, limitBytes)
    },
    promise: async (tx, moreBytes) => {
      checkPromise((await tx.promisedBytes()) + (await bytesInTheMaking(tx)), moreBytes, limitBytes)
    },
    look: async () => {
      const seen = await capacity()
      before = seen.state
      await door.keep(seen.state === 'paused' ? 'shut' : 'open')
      return seen
    },
  }
}

/** A target that could not be brought to where it should be is told again at the next look. */
function createDoor(target: Pick<Target, 'pause' | 'resume'>) {
  let position: 'open' | 'shut' | 'unknown' = 'open'
  return {
    keep: async (wanted: 'open' | 'shut'): Promise<void> => {
      if (position === wanted) return
      position = 'unknown'
      await (wanted === 'shut' ? target.pause() : target.resume())
      position = wanted
    },
  }
}

const atLeastZero = (bytes: bigint): bigint => (bytes > 0n ? bytes : 0n)

const full = ({ stopAt }: PoolMarks): StorageError =>
  new StorageError(
    'NO_SPACE',
    `the pool is ${stopAt * 100} % full or more, so no disk is made or grown until there is space again`,
  )

/** The limit is not known before the pool was looked at for the first time; `admit` does so. */
function checkPromise(promisedBytes: bigint, moreBytes: bigint, limitBytes: bigint | undefined): void {
  if (limitBytes === undefined || promisedBytes + moreBytes <= limitBytes) return
  throw new StorageError(
    'NO_SPACE',
    `${promisedBytes} bytes are promised to disks already, and ${moreBytes} more would be above the ${limitBytes} bytes that the over-commit ratio allows`,
  )
}
