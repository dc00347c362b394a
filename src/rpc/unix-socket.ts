import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { StorageError } from '../volumegroups/index.ts'

/** unix(7): sun_path holds 108 bytes with its closing zero. */
const MAX_SOCKET_PATH_BYTES = 107
const PROBE_MS = 2000

/** The path in a CSI endpoint: `unix:///run/csi.sock`. CSI knows no other kind. */
export function parseSocketPath(endpoint: string): string {
  const path = /^unix:\/\/(\/.+\.sock)$/.exec(endpoint)?.[1]
  if (path === undefined) {
    throw new StorageError(
      'INVALID_ARGUMENT',
      `the endpoint ${endpoint} is not of the form unix:///<path>.sock`,
    )
  }
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new StorageError(
      'INVALID_ARGUMENT',
      `the socket path ${path} is longer than ${MAX_SOCKET_PATH_BYTES} bytes`,
    )
  }
  return path
}

/** Removes a socket that a process left behind. Refuses one on which somebody answers, and any other file. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw new StorageError('INVALID_ARGUMENT', `${path} exists and is not a socket`)
  if (await answers(path)) {
    throw new StorageError('LIMIT_REACHED', `another process serves on ${path}`, {
      fix: 'Stop that process, or give this one another endpoint.',
    })
  }
  await unlink(path)
}

/** Only a refused connection proves that nobody listens. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(PROBE_MS, () => settle(true))
    socket.once('connect', () => settle(true))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED'))
  })
}
