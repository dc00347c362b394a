import { join } from 'node:path'
import { readNodeConfig } from '../config/config.ts'
import { createIdentityService } from '../csi/identity.ts'
import { serveCsi } from '../csi/protocol.ts'
import { createUserspaceInitiator } from '../initiators/userspace/userspace-initiator.ts'
import { createHostMachine } from '../node/host-machine.ts'
import { NodeRecords } from '../node/records.ts'
import { createNodeService } from '../node/service.ts'
import type { InitiatorId } from '../volumegroups/index.ts'
import { openEndpoint } from './endpoint.ts'
import { createLogger, type Running } from './lifecycle.ts'
import { VERSION } from './version.ts'

/** Where the keeper of a node lives; it outlives the node's process. */
export const keeperDir = (stateDir: string): string => join(stateDir, 'userspace')

/** Starts a CSI node. What is mounted belongs to the kernel and the keeper: stopping the node touches none of it. */
export async function startNode(configFile: string): Promise<Running> {
  const config = readNodeConfig(configFile)
  const log = createLogger('node', config.logLevel)
  await using stack = new AsyncDisposableStack()
  const groups = stack.use(openEndpoint(config.element))
  const initiator = stack.use(
    createUserspaceInitiator({
      stateDir: keeperDir(config.stateDir),
      spawnKeeper: config.keeper.startedBy === 'node',
      maxDisks: config.maxVolumes,
    }),
  )
  const node = createNodeService({
    groups,
    initiator,
    machine: createHostMachine(),
    records: await NodeRecords.open(join(config.stateDir, 'volumes')),
    nodeId: config.nodeId as InitiatorId,
    initiatorName: config.initiatorName,
    maxVolumes: config.maxVolumes,
    attach: config.attach,
    volumeHealth: config.volumeHealth,
  })
  const services = {
    Identity: createIdentityService({ endpoint: node.registration, version: VERSION }),
    Node: node.handlers,
  }
  stack.use(await serveCsi({ endpoint: config.csiEndpoint, services, log }))
  const running = stack.move()
  return { log, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
