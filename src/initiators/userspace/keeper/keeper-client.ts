import { connect } from 'node:net'
import { StorageError } from '../../../volumegroups/index.ts'
import { errorOf } from '../worker/worker-protocol.ts'
import type { KeeperRequest, KeeperResponse, KeeperResults } from './keeper-protocol.ts'
import { MAX_LINE_BYTES } from './keeper-protocol.ts'
import { LineSplitter } from './lines.ts'

/** Nobody listens on the keeper's socket. */
export class KeeperAbsentError extends Error {
  override readonly name = 'KeeperAbsentError'
}

/**
 * Asks the keeper one thing, on a connection of its own.
 * Throws KeeperAbsentError when there is none, and StorageError for all else.
 */
export async function askKeeper<Request extends KeeperRequest>(
  path: string,
  request: Request,
  timeoutMs: number,
): Promise<KeeperResults[Request['op']]> {
  const response = await exchange(path, `${JSON.stringify({ id: 0, ...request })}\n`, timeoutMs)
  if ('failure' in response) throw errorOf(response.failure)
  return response.result as KeeperResults[Request['op']]
}

function exchange(path: string, line: string, timeoutMs: number): Promise<KeeperResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<KeeperResponse>()
  const lines = new LineSplitter(MAX_LINE_BYTES)
  const socket = connect(path, () => socket.write(line))
  const timer = setTimeout(() => {
    socket.destroy(new StorageError('STEP_TIMED_OUT', `the keeper did not answer within ${timeoutMs} ms`))
  }, timeoutMs)
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const answer of lines.push(chunk)) resolve(JSON.parse(answer) as KeeperResponse)
    } catch (error) {
      socket.destroy(error as Error)
    }
  })
  socket.on('error', (error) => reject(asKeeperError(error)))
  socket.on('close', () => {
    reject(new StorageError('INITIATOR_UNAVAILABLE', 'the keeper hung up; it may have been restarted'))
  })
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

function asKeeperError(error: Error): Error {
  if (error instanceof StorageError) return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new KeeperAbsentError('no keeper', { cause: error })
  return new StorageError('INITIATOR_UNAVAILABLE', 'the keeper can not be reached', { cause: error })
}
