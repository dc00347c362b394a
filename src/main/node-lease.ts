import type { Logger } from 'pino'
import type { NodeSettings } from '../config/config.ts'
import { KeeperLink } from '../initiators/userspace/keeper/keeper-link.ts'
import type { NodeLease } from '../node/parts.ts'
import { StorageError } from '../volumegroups/index.ts'
import { keeperDir } from './initiator.ts'

/** How soon a keeper that died is missed: well within a lease. */
const WATCH_MS = 2000

/** This node's lease, which its keeper renews; the keeper is started now, and again whenever it is gone. */
export function openNodeLease(config: NodeSettings, log: Logger): NodeLease & Disposable {
  const keeper = new KeeperLink({
    stateDir: keeperDir(config.stateDir),
    spawnKeeper: config.keeper.startedBy === 'node',
    maxDisks: config.maxVolumes,
    configFile: config.file,
  })
  let wasThere = true
  const watch = async (): Promise<void> => {
    try {
      await keeper.lease(false)
      wasThere = true
    } catch (err) {
      if (wasThere) log.warn({ err }, 'the keeper does not answer: nobody renews the lease of this node')
      wasThere = false
    }
  }
  const timer = setInterval(() => void watch(), WATCH_MS)
  void watch()
  return {
    check: async () => {
      const lease = await keeper.lease(false).catch(() => undefined) // told by the watch
      if (lease?.state === 'refused') throw new StorageError('LEASE_HELD', lease.detail)
    },
    holds: async () => {
      const lease = await keeper.lease(true)
      return lease.state !== 'none' && lease.isFresh ? lease.holds : undefined
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
