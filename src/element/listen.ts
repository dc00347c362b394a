import { chmod, lstat, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'

export type ListenAddress =
  | { readonly socketPath: string }
  /** Port 0 takes a free one. */
  | { readonly host: string; readonly port: number }

/** Opens the API there; gives back where it answers. Closing the app removes the socket. */
export async function listen(app: FastifyInstance, address: ListenAddress): Promise<string> {
  if (!('socketPath' in address)) return app.listen(address)
  const { socketPath } = address
  await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 })
  await removeStaleSocket(socketPath)
  await app.listen({ path: socketPath })
  await chmod(socketPath, 0o600)
  return socketPath
}

/** Removes what an element left that ended without closing. Never what is no socket, nor one that answers. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is not a socket: remove it, or listen elsewhere`)
  if (await answers(path)) throw new Error(`another process answers on ${path}: stop it, or listen elsewhere`)
  await rm(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else reject(error)
    })
  })
}
