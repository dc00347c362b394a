import type { Commit, Step } from '../journal/index.ts'
import { KeyedQueue } from '../lib/keyed-queue.ts'
import type { Database, Transactor } from './database.ts'
import type { VolumeGroupId } from './ids.ts'
import type { Manifest, Store } from './ports.ts'

/** As many as operations can be in flight. */
const MAX_WAITING = 256

/** Keeps the manifest beside the data and the rows in the database in step, one change of a group at a time. */
export interface Manifests {
  /** Commits a change of a group, with the manifest that is true once it is committed written before. */
  seal(group: VolumeGroupId, commit: Commit<Transactor>): Promise<void>
  /** Does something while the manifest says what is committed, and nothing else. */
  whileTrue(group: VolumeGroupId, work: () => Promise<void>): Promise<void>
  /** Writes what the database says. */
  restore(group: VolumeGroupId): Promise<void>
}

export function createManifests(store: Store, database: Database): Manifests {
  // What one operation reads, writes and commits must not be overtaken by another one's: its change would be lost.
  const queue = new KeyedQueue(MAX_WAITING)
  const restore = async (group: VolumeGroupId): Promise<void> => {
    const manifest = await database.reader.manifest(group)
    if (manifest) await store.writeManifest(manifest)
  }
  /** Two operations may make one project for their groups: it is the first one's. */
  const isBelied = async ({ projects }: Manifest): Promise<boolean> => {
    const last = projects.at(-1)
    return last !== undefined && (await database.reader.projectAt(last.path))?.id !== last.id
  }
  return {
    seal: (group, commit) =>
      queue.run(group, async () => {
        const manifest = await commit.preview((tx) => tx.manifest(group))
        try {
          if (manifest) await commit.step('write manifest', () => store.writeManifest(manifest))
          await commit.commit()
        } catch (error) {
          await restore(group).catch(() => {}) // the operation's undo tries again, and is heard if it fails
          throw error
        }
        // What can not be written now, the next start writes.
        if (manifest && (await isBelied(manifest))) await restore(group).catch(() => {})
      }),
    whileTrue: (group, work) => queue.run(group, work),
    restore: (group) => queue.run(group, () => restore(group)),
  }
}

/** Comes last of an operation's steps, so that undoing begins with the former manifest. */
export const restoresManifest = <Intent>(
  manifests: Manifests,
  groupOf: (intent: Intent) => VolumeGroupId,
): Step<Intent> => ({ name: 'manifest', undo: (intent) => manifests.restore(groupOf(intent)) })
