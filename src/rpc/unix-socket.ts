import { unlink } from 'node:fs/promises'
import { socketStateOf } from '../lib/stale-socket.ts'
import { StorageError } from '../volumegroups/index.ts'

/** unix(7): sun_path holds 108 bytes with its closing zero. */
const MAX_SOCKET_PATH_BYTES = 107

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
  const state = await socketStateOf(path)
  if (state === 'other') throw new StorageError('INVALID_ARGUMENT', `${path} exists and is not a socket`)
  if (state === 'answering') {
    throw new StorageError('LIMIT_REACHED', `another process serves on ${path}`, {
      fix: 'Stop that process, or give this one another endpoint.',
    })
  }
  if (state === 'stale') await unlink(path)
}
