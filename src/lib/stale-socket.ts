import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

const PROBE_MS = 2000

/** Removes a unix socket that a process left behind. Throws on one at which somebody answers, and on any other file. */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is not a socket: remove it, or listen elsewhere`)
  if (await answers(path)) throw new Error(`another process answers on ${path}: stop it, or listen elsewhere`)
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
