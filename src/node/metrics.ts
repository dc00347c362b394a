import { once } from 'node:events'
import { createServer } from 'node:http'
import { Counter, Gauge, Registry } from 'prom-client'
import { type DiskSession, StorageError } from '../volumegroups/index.ts'
import type { HealReport } from './healer.ts'

/** The node's figures for Prometheus. */
export interface NodeMetrics {
  readonly registry: Registry
  looked(report: HealReport): void
}

const STATES: readonly DiskSession['state'][] = ['connected', 'reconnecting', 'failed']

export function createNodeMetrics(version: string): NodeMetrics {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['state']
  new Gauge({
    name: 'mooring_build_info',
    help: 'Always 1; says which version runs.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1)
  const disks = new Gauge({
    name: 'mooring_node_disks',
    help: 'Attached disks, by how their sessions are.',
    labelNames,
    registers,
  })
  const heard = new Gauge({
    name: 'mooring_node_element_heard',
    help: 'Whether the element renewed the lease of this node at the last look.',
    registers,
  })
  const looks = new Counter({ name: 'mooring_node_looks_total', help: 'Looks at the disks.', registers })
  const faults = new Counter({
    name: 'mooring_node_repair_faults_total',
    help: 'Sessions that a look could not repair.',
    registers,
  })
  return {
    registry,
    looked: (report) => {
      for (const state of STATES) {
        disks.set({ state }, report.sessions.filter((session) => session.state === state).length)
      }
      heard.set(report.isHeard ? 1 : 0)
      looks.inc()
      faults.inc(report.faults.length)
    },
  }
}

/** Answers /metrics to anybody who can reach the address, and nothing else. */
export async function serveNodeMetrics(
  { registry }: NodeMetrics,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<AsyncDisposable> {
  const server = createServer(async (request, response) => {
    const isKnown = request.method === 'GET' && request.url === '/metrics'
    response.writeHead(isKnown ? 200 : 404, { 'content-type': registry.contentType })
    response.end(isKnown ? await registry.metrics() : undefined)
  })
  server.maxConnections = 16
  server.listen(port, address)
  await once(server, 'listening').catch((cause) => {
    throw new StorageError('INVALID_ARGUMENT', `metrics can not be served at ${address}:${port}`, { cause })
  })
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
