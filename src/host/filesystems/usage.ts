import type { BigIntStatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { KeyedQueue } from '../../lib/keyed-queue.ts'
import { StorageError } from '../../volumegroups/index.ts'

export interface Amount {
  readonly total: bigint
  readonly used: bigint
  readonly available: bigint
}

export interface FilesystemUsage {
  readonly bytes: Amount
  readonly inodes: Amount
}

type Counts = Pick<BigIntStatsFs, 'blocks' | 'bfree' | 'bavail' | 'bsize' | 'files' | 'ffree'>

const STATFS_TIMEOUT_MS = 10_000
/** Each holds one of the few threads of this process for as long as it hangs. */
const MAX_HANGING = 2
const MAX_WAITING = 1000

/** Asks mounts how full they are, one after another, and no more of them once two do not answer at all. */
export class UsageReader {
  readonly #queue = new KeyedQueue(MAX_WAITING)
  readonly #ask: (path: string) => Promise<Counts>
  readonly #timeoutMs: number
  #unanswered = 0

  constructor(
    ask = (path: string): Promise<Counts> => statfs(path, { bigint: true }),
    timeoutMs = STATFS_TIMEOUT_MS,
  ) {
    this.#ask = ask
    this.#timeoutMs = timeoutMs
  }

  async read(path: string): Promise<FilesystemUsage> {
    const { blocks, bfree, bavail, bsize, files, ffree } = await this.#queue.run('statfs', () =>
      this.#counts(path),
    )
    return {
      bytes: { total: blocks * bsize, used: (blocks - bfree) * bsize, available: bavail * bsize },
      inodes: { total: files, used: files - ffree, available: ffree },
    }
  }

  async #counts(path: string): Promise<Counts> {
    if (this.#unanswered >= MAX_HANGING) {
      throw new StorageError('STEP_TIMED_OUT', 'mounts on this node do not answer, so no more are asked')
    }
    this.#unanswered += 1
    const asked = this.#ask(path).finally(() => {
      this.#unanswered -= 1
    })
    return bounded(asked, this.#timeoutMs)
  }
}

async function bounded<Result>(asked: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new StorageError('STEP_TIMED_OUT', `the mount did not answer within ${timeoutMs} ms`)
    timer = setTimeout(() => reject(error), timeoutMs)
  })
  try {
    return await Promise.race([asked, late])
  } catch (cause) {
    if (cause instanceof StorageError) throw cause
    throw new StorageError('COMMAND_FAILED', 'the mount of the volume on this node does not answer', {
      cause,
    })
  } finally {
    clearTimeout(timer)
  }
}
