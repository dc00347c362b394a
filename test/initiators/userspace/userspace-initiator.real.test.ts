import { CONTRACT_DISK_BYTES, initiatorContract } from '../../contract/initiator.ts'
import { type TgtDisk, TgtDisks } from './tgt-disks.ts'
import { UserspaceNode } from './userspace-node.ts'

initiatorContract('the userspace initiator', async () => {
  const disks = await TgtDisks.start()
  const node = await UserspaceNode.create()
  return {
    initiator: node.initiator,
    newDisk: (access) => disks.newDisk(CONTRACT_DISK_BYTES, { ...access, chap: true }),
    grow: (connection, sizeBytes) => disks.grow(connection as TgtDisk, sizeBytes),
    restart: async () => node.restart(),
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]()
      await disks[Symbol.asyncDispose]()
    },
  }
})
