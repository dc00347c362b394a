import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createControllerServices } from '../../src/controller/services.ts'
import { createIdentityService } from '../../src/csi/identity.ts'
import { serveCsi } from '../../src/csi/protocol.ts'
import { NodeRecords } from '../../src/node/records.ts'
import { createNodeService } from '../../src/node/service.ts'
import type { InitiatorId, VolumeGroups } from '../../src/volumegroups/index.ts'
import { FakeMachine } from '../fakes/fake-machine.ts'
import { FakeVolumeGroups } from '../fakes/fake-volume-groups.ts'
import { MemoryInitiator } from '../fakes/memory-initiator.ts'

/** The CSI services on fakes: no root, no processes, no mounts. */
export interface Fakes extends AsyncDisposable {
  readonly controllerSocket: string
  readonly nodeSocket: string
  readonly groups: VolumeGroups
}

export interface FakesOptions {
  readonly maxVolumes: number
  /** Whether the alpha health RPCs are offered. */
  readonly volumeHealth: boolean
}

/** Starts controller and node on their own sockets, in this process. */
export async function startFakes({ maxVolumes, volumeHealth }: FakesOptions): Promise<Fakes> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'mooring-fakes-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const groups = new FakeVolumeGroups()
  const initiator = new MemoryInitiator(async (diskId) => (await groups.getDisk(diskId)).sizeBytes)
  const node = createNodeService({
    groups,
    initiator,
    machine: new FakeMachine(initiator),
    records: await NodeRecords.open(join(folder, 'volumes')),
    nodeId: 'fake-node' as InitiatorId,
    initiatorName: 'iqn.2026-01.storage.mooring.node:fake',
    maxVolumes,
    attach: 'controller',
    volumeHealth,
  })
  const log = pino({ level: 'silent' })
  const version = '0.0.0'
  const controllerSocket = join(folder, 'controller.sock')
  const nodeSocket = join(folder, 'node.sock')
  const controller = createControllerServices({ groups, attach: 'controller', version, volumeHealth })
  stack.use(await serveCsi({ endpoint: `unix://${controllerSocket}`, services: controller, log }))
  const services = {
    Identity: createIdentityService({ endpoint: node.registration, version }),
    Node: node.handlers,
  }
  stack.use(await serveCsi({ endpoint: `unix://${nodeSocket}`, services, log }))
  const running = stack.move()
  return { controllerSocket, nodeSocket, groups, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
