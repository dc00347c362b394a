import { join } from 'node:path'
import { readNodeConfig } from '../config/config.ts'
import { createIdentityService } from '../csi/identity.ts'
import { serveCsi } from '../csi/protocol.ts'
import { Healer } from '../node/healer.ts'
import { createHostMachine } from '../node/host-machine.ts'
import { createNodeMetrics, serveNodeMetrics } from '../node/metrics.ts'
import { NodeRecords } from '../node/records.ts'
import { createNodeService } from '../node/service.ts'
import { InFlight } from '../rpc/in-flight.ts'
import { DEFAULT_MAX_CALLS } from '../rpc/serve.ts'
import type { InitiatorId } from '../volumegroups/index.ts'
import { openEndpoints } from './endpoint.ts'
import { openInitiator } from './initiator.ts'
import { createLogger, type Running } from './lifecycle.ts'
import { openNodeLease } from './node-lease.ts'
import { VERSION } from './version.ts'

/** Starts a CSI node. What is mounted belongs to the kernel and the keeper: stopping the node touches none of it. */
export async function startNode(configFile: string): Promise<Running> {
  const config = readNodeConfig(configFile)
  const log = createLogger('node', config.logLevel)
  await using stack = new AsyncDisposableStack()
  const groups = stack.use(openEndpoints(config, { log }))
  const initiator = stack.use(await openInitiator(config, log))
  const lease = stack.use(openNodeLease(config, log))
  const parts = {
    groups,
    initiator,
    machine: createHostMachine(),
    records: await NodeRecords.open(join(config.stateDir, 'volumes')),
    nodeId: config.nodeId as InitiatorId,
    attach: config.attach,
    lease,
  }
  const { initiatorName, maxVolumes, volumeHealth } = config
  const node = createNodeService({ ...parts, initiatorName, maxVolumes, volumeHealth })
  const services = {
    Identity: createIdentityService({ endpoint: node.registration, version: VERSION }),
    Node: node.handlers,
  }
  const inFlight = new InFlight(DEFAULT_MAX_CALLS)
  stack.use(await serveCsi({ endpoint: config.csiEndpoint, services, log, inFlight }))
  const metrics = createNodeMetrics(VERSION)
  if (config.metrics) stack.use(await serveNodeMetrics(metrics, config.metrics))
  stack.use(
    new Healer({
      ...{ parts, inFlight, log: log.child({ part: 'healer' }) },
      everyMs: config.healSeconds * 1000,
      onReport: (report) => metrics.looked(report),
    }),
  )
  const running = stack.move()
  return { log, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
