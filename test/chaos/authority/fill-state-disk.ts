import { asStorageError, type VolumeGroups } from '../../../src/volumegroups/index.ts'
import type { StateDisk } from '../../support/state-disk.ts'

/** More than fit into what SQLite keeps of its log. */
const MAX_CHANGES = 2000

/**
 * Fills the disk of an element's database, and changes things until a change is refused: as long as SQLite's log has
 * room left in its file, a full disk keeps it from nothing.
 */
export async function fillStateDisk(disk: StateDisk, element: VolumeGroups): Promise<void> {
  await disk.fill()
  for (let change = 0; change < MAX_CHANGES; change += 1) {
    try {
      await element.createProject(`/filler-${Date.now()}-${change}`)
    } catch (error) {
      const { reason } = asStorageError(error)
      if (reason === 'AUTHORITY_LOST' || reason === 'DATABASE_UNAVAILABLE') return
      throw error
    }
  }
  throw new Error('a full disk kept the element from nothing')
}
