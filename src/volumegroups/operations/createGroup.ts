import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { type ProjectId, volumeGroupIds } from '../ids.ts'
import type { VolumeGroup } from '../types.ts'
import { nameLock, type Parts } from './parts.ts'
import { ensureProject, insideLocks, type Place, placeFor } from './places.ts'

interface Request extends Place {
  readonly name: string
}

interface Intent extends VolumeGroup {
  /** The project, or the nearest one above it that was there before. */
  readonly placeId: ProjectId
}

/** Makes an empty group. */
export function createGroup(parts: Parts): Definition<Transactor, Request, Intent, VolumeGroup> {
  const { store, manifests, now } = parts
  return {
    kind: 'createGroup',
    plan: async (tx, spec) => {
      const { id: placeId } = await placeFor(tx, spec)
      const { name, project } = spec
      const known = await tx.groupNamed(project, name)
      if (known) return { met: { result: known, subject: known.id } }
      return { intent: { ...newGroup({ name, project, implicit: false }, now()), placeId } }
    },
    locks: ({ project, name }) => [nameLock('volume group', project, name), ...insideLocks(project)],
    subject: ({ id }) => id,
    entities: ({ id, placeId }) => [placeId, id],
    steps: [
      {
        name: 'create group',
        run: ({ id }) => store.createGroup(id),
        undo: ({ id }) => store.deleteGroup(id),
      },
    ],
    seal: ({ id }, commit) => manifests.seal(id, commit),
    commit: async (tx, { placeId: _, ...group }) => {
      await ensureProject(tx, group)
      await tx.insertGroup(group)
      return group
    },
    forward: [],
    supersedes: [],
  }
}

/** Without a name it is called by its id, which no other group can have. */
export function newGroup(
  { name, project, implicit }: { name: string | undefined; project: string; implicit: boolean },
  createdAt: Date,
): VolumeGroup {
  const id = volumeGroupIds.create()
  return { id, name: name ?? id, project, implicit, generation: 1, epoch: 1, labels: {}, createdAt }
}
