import { KeyedQueue, QueueFullError } from '../lib/keyed-queue.ts'
import { StorageError } from '../volumegroups/index.ts'

export type Serialize = <Result>(key: string, task: () => Promise<Result>) => Promise<Result>

/** Tasks of one key run one after another; more than `maxWaiting` of them are refused with TOO_MANY_CALLS. */
export function createSerializer(maxWaiting: number): Serialize {
  const queue = new KeyedQueue(maxWaiting)
  return async (key, task) => {
    try {
      return await queue.run(key, task)
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error
      throw new StorageError('TOO_MANY_CALLS', `too many calls wait for ${key}`, { cause: error })
    }
  }
}
