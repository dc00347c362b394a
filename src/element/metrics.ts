import type { FastifyInstance } from 'fastify'
import { Gauge, Histogram, Registry } from 'prom-client'
import { type MissedSchedules, OVERDUE, ROOT_PROJECT_ID, StorageError } from '../volumegroups/index.ts'
import { type Auth, identify } from './auth.ts'

/** The element's figures for Prometheus; one for all the ways in. */
export interface Metrics {
  readonly registry: Registry
  requestServed(call: string, status: number, seconds: number): void
}

/** From a call that only reads the database to one that waits for a target or a slow store. */
const BUCKETS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30]

export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: 'mooring_build_info',
    help: 'Always 1; says which version runs.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1)
  const seconds = new Histogram({
    name: 'mooring_element_request_duration_seconds',
    help: 'How long requests took, by call and status.',
    labelNames: ['call', 'status'],
    buckets: BUCKETS_S,
    registers,
  })
  return {
    registry,
    requestServed: (call, status, duration) => seconds.observe({ call, status: String(status) }, duration),
  }
}

/** How many groups miss a recovery point, by reason, and since when the oldest does: read at each look. */
export function measureSchedules(
  { registry }: Metrics,
  read: () => Promise<readonly MissedSchedules[]>,
): void {
  const registers = [registry]
  new Gauge({
    name: 'mooring_rpo_missed',
    help: 'Volume groups of which a recovery point is due and not made, by reason.',
    labelNames: ['reason'],
    registers,
    async collect() {
      const missed = await read()
      this.reset()
      this.set({ reason: OVERDUE }, 0) // a figure that is always there
      for (const { reason, count } of missed) this.set({ reason }, count)
    },
  })
  new Gauge({
    name: 'mooring_rpo_missed_since_timestamp_seconds',
    help: 'When the oldest of them was due; 0 when there is none.',
    registers,
    async collect() {
      const since = (await read()).map(({ since }) => since.getTime() / 1000)
      this.set(since.length === 0 ? 0 : Math.min(...since))
    },
  })
}

/** Measures every request, and answers /metrics to any caller that is known and not of one project only. */
export function serveMetrics(app: FastifyInstance, metrics: Metrics, auth: Auth): void {
  app.addHook('onResponse', async (request, reply) => {
    metrics.requestServed(
      request.routeOptions.config.call ?? 'other',
      reply.statusCode,
      reply.elapsedTime / 1000,
    )
  })
  app.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    onRequest: async (request) => {
      const { caller } = await identify(auth, request.headers.authorization)
      if ((caller?.projectId ?? ROOT_PROJECT_ID) === ROOT_PROJECT_ID) return
      throw new StorageError('PERMISSION_DENIED', 'the figures are of all projects, and the token is of one')
    },
    handler: async (_, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  })
}
