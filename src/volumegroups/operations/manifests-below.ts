import type { Step } from '../../journal/index.ts'
import type { Reader } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { VolumeGroupId } from '../ids.ts'
import { MAX_PAGE } from '../limits.ts'
import type { PolicyTarget } from '../policies/types.ts'
import type { ProjectPath } from '../types.ts'
import type { Parts } from './parts.ts'

/** There may be many groups below. */
const MANIFESTS_LIMIT_MS = 30 * 60_000

/** Writes the manifests of all groups to which what is set on these places applies: after the commit, forward. */
export const writesManifestsBelow = <Intent>(
  parts: Parts,
  placesOf: (intent: Intent) => readonly PolicyTarget[] | Promise<readonly PolicyTarget[]>,
): Step<Intent> => ({
  name: 'write manifests',
  run: async (intent) => {
    for (const place of await placesOf(intent)) {
      if (place.kind === 'volumeGroup') await parts.manifests.restore(place.id)
      else await writeManifestsIn(parts, place.path)
    }
  },
  limitMs: MANIFESTS_LIMIT_MS,
})

async function writeManifestsIn({ database, manifests }: Parts, path: ProjectPath): Promise<void> {
  const { reader } = database
  let after: Parameters<Reader['groups']>[1]['after']
  do {
    const groups = await reader.groups({ within: path }, { after, limit: MAX_PAGE })
    for (const group of groups) await manifests.restore(group.id)
    const last = groups.length === MAX_PAGE ? groups.at(-1) : undefined
    after = last && { atMs: last.createdAt.getTime(), keys: [last.id] }
  } while (after !== undefined)
  for (const { id } of await deletedGroups(reader, path)) {
    await manifests.restore(id as VolumeGroupId).catch(unlessGone)
  }
}

const deletedGroups = (reader: Reader, within: ProjectPath) =>
  reader.deletedThings({ within, kind: 'volumeGroup' }, { after: undefined, limit: Number.MAX_SAFE_INTEGER })

/** Of a deleted group the data may be gone, or go now. */
function unlessGone(error: unknown): void {
  if (!(error instanceof StorageError && error.reason === 'VOLUME_GROUP_NOT_FOUND')) throw error
}
