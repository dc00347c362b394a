import { chmod, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { removeStaleSocket } from '../lib/stale-socket.ts'

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
