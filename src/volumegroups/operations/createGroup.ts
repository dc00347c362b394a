import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { volumeGroupIds } from '../ids.ts'
import type { VolumeGroup } from '../types.ts'
import { nameLock, type Parts } from './parts.ts'

interface Request {
  readonly name: string
  readonly project: string
}

/** Makes an empty group. */
export function createGroup(parts: Parts): Definition<Transactor, Request, VolumeGroup, VolumeGroup> {
  const { store, manifests, now } = parts
  return {
    kind: 'createGroup',
    plan: async (tx, { name, project }) => {
      const known = await tx.groupNamed(project, name)
      if (known) return { met: { result: known, subject: known.id } }
      return { intent: newGroup({ name, project, implicit: false }, now()) }
    },
    locks: ({ project, name }) => [nameLock('volume group', project, name)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [
      {
        name: 'create group',
        run: ({ id }) => store.createGroup(id),
        undo: ({ id }) => store.deleteGroup(id),
      },
    ],
    seal: ({ id }, commit) => manifests.seal(id, commit),
    commit: async (tx, group) => {
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
  return { id, name: name ?? id, project, implicit, generation: 1, epoch: 1, createdAt }
}
