import { targetContract } from '../contract/target.ts'
import { createMemoryTarget, type MemoryDaemon } from './memory-target.ts'

targetContract('memory target', async () => {
  const daemon: MemoryDaemon = new Map()
  const target = createMemoryTarget(daemon)
  let latest = target
  let files = 0
  return {
    target,
    makeBacking: async () => `memory:/file-${++files}`,
    look: async ({ targetName, initiatorName, chap }, lun) => {
      const found = latest
        .reachable(initiatorName, chap)
        .find((one) => one.targetName === targetName && one.lun === lun)
      return found && { serial: found.serial, naa: found.naa, readOnly: found.readOnly }
    },
    restart: async () => {
      latest = createMemoryTarget(daemon)
      return latest
    },
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  }
})
