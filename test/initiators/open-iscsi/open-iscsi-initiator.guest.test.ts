import { CONTRACT_DISK_BYTES, initiatorContract } from '../../contract/initiator.ts'
import { type TgtDisk, TgtDisks } from '../userspace/tgt-disks.ts'
import { GuestNode, seenByGuest } from './guest-node.ts'

initiatorContract('the open-iscsi initiator', async () => {
  const disks = await TgtDisks.start()
  const node = await GuestNode.boot('contract')
  return {
    initiator: node.initiator,
    devices: node.devices,
    newDisk: async (access) =>
      seenByGuest(await disks.newDisk(CONTRACT_DISK_BYTES, { ...access, chap: true })),
    grow: (connection, sizeBytes) => disks.grow(connection as TgtDisk, sizeBytes),
    restart: () => node.restart(),
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]()
      await disks[Symbol.asyncDispose]()
    },
  }
})
