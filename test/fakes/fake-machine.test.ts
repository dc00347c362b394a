import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Connection, diskIds, naaOf, serialOf } from '../../src/volumegroups/index.ts'
import { CONTRACT_DEVICE_BYTES, type MachineHarness, machineContract } from '../contract/machine.ts'
import { FakeMachine } from './fake-machine.ts'
import { MemoryInitiator } from './memory-initiator.ts'

machineContract('the machine in memory', async (): Promise<MachineHarness> => {
  const root = await mkdtemp(join(tmpdir(), 'mooring-machine-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const sizes = new Map<string, bigint>()
  const initiator = new MemoryInitiator(async (diskId) => sizes.get(diskId)!)
  return {
    root,
    machine: new FakeMachine(initiator),
    device: async () => {
      const diskId = diskIds.create()
      sizes.set(diskId, BigInt(CONTRACT_DEVICE_BYTES))
      const { path } = await initiator.attach(connectionTo(diskId))
      const grow = async (sizeBytes: number) => {
        sizes.set(diskId, BigInt(sizeBytes))
        await initiator.refreshSize(diskId)
      }
      return { path, grow }
    },
  }
})

const connectionTo = (diskId: Connection['diskId']): Connection => ({
  diskId,
  initiatorName: 'iqn.2026-01.test:node',
  targetName: 'iqn.2026-01.test:target',
  portals: [],
  lun: 1,
  serial: serialOf(diskId),
  naa: naaOf(diskId),
  sizeBytes: BigInt(CONTRACT_DEVICE_BYTES),
  readOnly: false,
  shared: false,
  grantedAt: new Date('2026-01-01T00:00:00Z'),
  chap: undefined,
})
