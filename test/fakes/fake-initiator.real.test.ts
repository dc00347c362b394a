import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  diskIds,
  type InitiatorId,
  naaOf,
  serialOf,
  targetNameOf,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'
import { CONTRACT_DISK_BYTES, initiatorContract } from '../contract/initiator.ts'
import { FakeInitiator } from './fake-initiator.ts'

initiatorContract('the fake initiator', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-fake-initiator-'))
  const initiator = new FakeInitiator({ folder })
  return {
    initiator,
    newDisk: async ({ readOnly } = { readOnly: false }) => {
      const diskId = diskIds.create()
      return {
        diskId,
        initiatorName: 'iqn.2026-01.storage.mooring.test:node',
        targetName: targetNameOf(volumeGroupIds.create(), 'node' as InitiatorId),
        portals: [{ address: '127.0.0.1', port: 3260, groupTag: 1 }],
        lun: 1,
        serial: serialOf(diskId),
        naa: naaOf(diskId),
        sizeBytes: BigInt(CONTRACT_DISK_BYTES),
        readOnly,
        shared: false,
        grantedAt: new Date('2026-01-01T00:00:00Z'),
        chap: undefined,
      }
    },
    grow: ({ diskId }, sizeBytes) => truncate(initiator.fileOf(diskId), sizeBytes),
    restart: async () => new FakeInitiator({ folder }),
    [Symbol.asyncDispose]: async () => {
      for (const { diskId } of await initiator.list()) await initiator.detach(diskId)
      await rm(folder, { recursive: true })
    },
  }
})
