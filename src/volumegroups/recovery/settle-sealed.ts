import { type AnyDefinition, settle } from '../../journal/index.ts'
import { encodeExactly } from '../../lib/exact-json.ts'
import type { Database, Transactor } from '../database.ts'
import { type VolumeGroupId, volumeGroupIds } from '../ids.ts'
import type { Manifest } from '../manifest.ts'
import type { Store } from '../ports.ts'
import { unlessUnreadable } from './facts.ts'

interface Parts {
  readonly database: Database
  readonly store: Store
  readonly now: () => Date
  readonly definitions: readonly AnyDefinition<Transactor>[]
}

/**
 * A manifest that says what an operation would have committed, word for word, is that operation's seal: it is
 * committed. So an ordinary crash leaves no manifest that is newer than its row.
 */
export async function settleSealed({ database, store, now, definitions }: Parts): Promise<readonly string[]> {
  const open = await database.transact((tx) => tx.openOperations())
  const written = new Map<VolumeGroupId, Manifest>()
  for (const id of new Set(open.flatMap(({ entities }) => entities.filter(volumeGroupIds.is)))) {
    const manifest = await store.readManifest(id).catch(unlessUnreadable)
    if (manifest) written.set(id, manifest)
  }
  return settle<Transactor>({
    ...{ transactions: database, definitions, now },
    isSealed: async (tx, { entities }) => {
      for (const id of entities.filter(volumeGroupIds.is)) {
        const wouldBe = await tx.manifest(id)
        const is = written.get(id)
        if (wouldBe && is && encodeExactly(wouldBe) === encodeExactly(is)) return true
      }
      return false
    },
  })
}
