import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

const PROBE_MS = 2000

/** What is at a path where a process wants to listen. `stale`: a socket that a process left behind. */
export type SocketState = 'absent' | 'stale' | 'answering' | 'other'

export async function socketStateOf(path: string): Promise<SocketState> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return 'absent'
  if (!found.isSocket()) return 'other'
  return (await answers(path)) ? 'answering' : 'stale'
}

/** Removes a unix socket that a process left behind. Throws on one at which somebody answers, and on any other file. */
export async function removeStaleSocket(path: string): Promise<void> {
  const state = await socketStateOf(path)
  if (state === 'other') throw new Error(`${path} is not a socket: remove it, or listen elsewhere`)
  if (state === 'answering') {
    throw new Error(`another process answers on ${path}: stop it, or listen elsewhere`)
  }
  if (state === 'stale') await unlink(path)
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
