import type { FastifyInstance, HTTPMethods } from 'fastify'
import { StorageError } from '../volumegroups/index.ts'
import { API, API_ROOT, type CallDescription } from './schemas/index.ts'

/** Every path of the API answers a method that it does not have with 405, and names the ones that it has. */
export function refuseOtherMethods(app: FastifyInstance): void {
  const calls: readonly CallDescription[] = Object.values(API)
  for (const [path, onPath] of Map.groupBy(calls, (call) => call.path)) {
    const served: readonly string[] = onPath.map(({ method }) => method)
    const allowed = served.includes('GET') ? [...served, 'HEAD'] : served
    app.route({
      method: app.supportedMethods.filter((method) => !allowed.includes(method)) as HTTPMethods[],
      url: `${API_ROOT}${path}`,
      schema: { hide: true },
      // Before the body is looked at: nobody would read it.
      onRequest: async ({ method }, reply) => {
        reply.header('allow', allowed.join(', '))
        throw new StorageError('METHOD_NOT_ALLOWED', `${API_ROOT}${path} has no ${method}`)
      },
      handler: () => {},
    })
  }
}
