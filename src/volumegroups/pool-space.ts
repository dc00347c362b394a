import { min } from '../lib/bigints.ts'
import type { Reader } from './database.ts'
import { StorageError } from './errors.ts'
import { SIZE_UNIT_BYTES } from './limits.ts'
import type { Store } from './ports.ts'
import type { PoolCapacity } from './types.ts'

/** How full a pool may get, as parts of what it holds. */
export interface PoolMarks {
  /** All disks together are promised at most this many times what the pool holds. */
  readonly overcommit: number
  readonly warnAt: number
  /** From here on no disk is made or grown. What is there goes on. */
  readonly stopAt: number
}

export const DEFAULT_MARKS: PoolMarks = { overcommit: 20, warnAt: 0.8, stopAt: 0.95 }

/** What the pool has left to give, by the store and by what is promised already. */
export interface PoolSpace {
  capacity(): Promise<PoolCapacity>
  /** Throws NO_SPACE when so many bytes more are not to be promised now. */
  admit(moreBytes: bigint): Promise<void>
}

export function createPoolSpace(
  store: Pick<Store, 'capacity'>,
  reader: Pick<Reader, 'promisedBytes'>,
  marks: PoolMarks,
): PoolSpace {
  const capacity = async (): Promise<PoolCapacity> => {
    const { totalBytes, ...left } = await store.capacity()
    const promisedBytes = await reader.promisedBytes()
    const usedBytes = totalBytes - left.availableBytes
    const toStopBytes = atLeastZero(part(totalBytes, marks.stopAt) - usedBytes)
    const toPromiseBytes = atLeastZero(part(totalBytes, marks.overcommit) - promisedBytes)
    const availableBytes = [left.availableBytes, toStopBytes, toPromiseBytes].reduce(min)
    const wholeBytes = availableBytes - (availableBytes % SIZE_UNIT_BYTES)
    return {
      ...{ totalBytes, availableBytes, promisedBytes },
      maximumDiskBytes: min(left.maximumDiskBytes, wholeBytes),
      state: stateOf(totalBytes, usedBytes, marks),
    }
  }
  return {
    capacity,
    admit: async (moreBytes) => {
      const { totalBytes, promisedBytes, state } = await capacity()
      if (state === 'stopped') throw full(marks)
      const limitBytes = part(totalBytes, marks.overcommit)
      if (promisedBytes + moreBytes > limitBytes) throw overcommitted(promisedBytes, moreBytes, limitBytes)
    },
  }
}

function stateOf(
  totalBytes: bigint,
  usedBytes: bigint,
  { warnAt, stopAt }: PoolMarks,
): PoolCapacity['state'] {
  if (usedBytes >= part(totalBytes, stopAt)) return 'stopped'
  return usedBytes >= part(totalBytes, warnAt) ? 'warning' : 'ok'
}

const PRECISION = 1000

const part = (bytes: bigint, factor: number): bigint =>
  (bytes * BigInt(Math.round(factor * PRECISION))) / BigInt(PRECISION)

const atLeastZero = (bytes: bigint): bigint => (bytes > 0n ? bytes : 0n)

const full = ({ stopAt }: PoolMarks): StorageError =>
  new StorageError(
    'NO_SPACE',
    `the pool is ${stopAt * 100} % full or more, so no disk is made or grown until there is space again`,
  )

const overcommitted = (promisedBytes: bigint, moreBytes: bigint, limitBytes: bigint): StorageError =>
  new StorageError(
    'NO_SPACE',
    `${promisedBytes} bytes are promised to disks already, and ${moreBytes} more would be above the ${limitBytes} bytes that the over-commit ratio allows`,
  )
