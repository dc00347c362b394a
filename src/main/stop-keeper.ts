import { readNodeConfig } from '../config/config.ts'
import { keeperSocket } from '../initiators/userspace/keeper/keeper.ts'
import { askKeeper, KeeperAbsentError } from '../initiators/userspace/keeper/keeper-client.ts'
import { keeperDir } from './initiator.ts'

const TIMEOUT_MS = 30_000

/** Ends the keeper of a node and waits for it. OK when none runs; refused while disks are attached through it. */
export async function stopKeeper(configFile: string): Promise<void> {
  const socket = keeperSocket(keeperDir(readNodeConfig(configFile).stateDir))
  try {
    await askKeeper(socket, { op: 'stop', force: false }, TIMEOUT_MS)
  } catch (error) {
    if (!(error instanceof KeeperAbsentError)) throw error
  }
}
