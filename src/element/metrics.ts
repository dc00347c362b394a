import type { FastifyInstance } from 'fastify'
import { Gauge, Histogram, Registry } from 'prom-client'
import {
  type AuthorityStatus,
  type MissedSchedules,
  OVERDUE,
  type PoolCapacity,
  type PoolState,
  ROOT_PROJECT_ID,
  StorageError,
  type VolumeGroups,
} from '../volumegroups/index.ts'
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

/** What the pool holds and how full it is, measured when it is asked for; nothing while the element does not serve. */
export function measurePool({ registry }: Metrics, groups: Pick<VolumeGroups, 'capacity'>): void {
  const registers = [registry]
  const seen = () => groups.capacity().catch(() => undefined)
  for (const [name, { help, of }] of Object.entries(POOL_FIGURES)) {
    const collect = async (): Promise<void> => {
      const capacity = await seen()
      if (capacity === undefined) gauge.remove()
      else gauge.set(Number(of(capacity)))
    }
    const gauge = new Gauge({ name: `mooring_pool_${name}_bytes`, help, registers, collect })
  }
  const help = '1 for the state that the pool is in, 0 for the others.'
  const collect = async (): Promise<void> => {
    const capacity = await seen()
    state.reset()
    for (const one of capacity ? POOL_STATES : []) state.set({ state: one }, one === capacity?.state ? 1 : 0)
  }
  const state = new Gauge({ name: 'mooring_pool_state', help, labelNames: ['state'], registers, collect })
}

const POOL_STATES = ['ok', 'warning', 'stopped', 'paused'] as const satisfies PoolState[]

interface PoolFigure {
  readonly help: string
  readonly of: (capacity: PoolCapacity) => bigint
}

const POOL_FIGURES: Readonly<Record<string, PoolFigure>> = {
  size: { help: 'What the pool holds in all.', of: ({ totalBytes }) => totalBytes },
  used: { help: 'What is held, and what the store keeps for itself.', of: ({ usedBytes }) => usedBytes },
  available: { help: 'What may still be promised to disks.', of: ({ availableBytes }) => availableBytes },
  promised: { help: 'The sizes of all disks together.', of: ({ promisedBytes }) => promisedBytes },
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

/** Whether the element may act and serves, looked at when somebody asks. */
export function measureAuthority({ registry }: Metrics, groups: Pick<VolumeGroups, 'status'>): void {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (authority: AuthorityStatus) => number): void => {
    new Gauge({
      ...{ name, help, registers },
      async collect() {
        this.set(value((await groups.status()).authority))
      },
    })
  }
  gauge('mooring_element_authority', '1: the element may act; 0: it can not write its database.', (one) =>
    one.state === 'held' ? 1 : 0,
  )
  gauge('mooring_element_serving', '1: initiators are served; 0: nothing is served.', (one) =>
    one.serving ? 1 : 0,
  )
  gauge(
    'mooring_element_bound_seconds',
    'Nothing is served any more so long after the authority was last proven; +Inf: what is granted is served on.',
    ({ boundMs = Number.POSITIVE_INFINITY }) => boundMs / 1000,
  )
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
