import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { VolumeGroupId } from '../ids.ts'
import { MAX_LISTED } from '../limits.ts'
import { restoresManifest } from '../manifests.ts'
import type { ProjectPath, VolumeGroup } from '../types.ts'
import { exclusive, notFound, type Parts, refuseStranded } from './parts.ts'
import { arrivalLocks, insideLocks, noProject } from './places.ts'

interface Request {
  readonly id: VolumeGroupId
  readonly project: ProjectPath
}

interface Intent {
  readonly id: VolumeGroupId
  readonly from: ProjectPath
  readonly to: ProjectPath
}

/** Moves a group, with all that it holds, to another project, if nothing there has a name that it brings. */
export function moveGroup({ manifests }: Parts): Definition<Transactor, Request, Intent, VolumeGroup> {
  return {
    kind: 'moveGroup',
    plan: async (tx, { id, project: to }) => {
      const group = await tx.group(id)
      if (group === undefined) throw notFound({ kind: 'volumeGroup', id })
      if ((await tx.projectAt(to)) === undefined) throw noProject(to)
      if (group.project === to) return { met: { result: group, subject: id } }
      await refuseClashes(tx, id, to)
      await refuseStranded(tx, { groupId: id }, to)
      return { intent: { id, from: group.project, to } }
    },
    locks: ({ id, from, to }) => [exclusive(id), ...insideLocks(from), ...arrivalLocks(to)],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [restoresManifest(manifests, ({ id }) => id)],
    seal: ({ id }, commit) => manifests.seal(id, commit),
    commit: async (tx, { id, to }) => {
      await refuseStranded(tx, { groupId: id }, to) // again: a disk may have been granted, or a policy set
      await tx.moveGroup(id, to)
      return (await tx.group(id)) as VolumeGroup
    },
    forward: [],
    supersedes: ['createGroup', 'createDisk', 'moveGroup', 'updateGroup'],
  }
}

async function refuseClashes(tx: Reader, id: VolumeGroupId, to: ProjectPath): Promise<void> {
  const clashes = await tx.clashes(id, to, MAX_LISTED)
  if (clashes.length === 0) return
  throw new StorageError('NAME_TAKEN', `project ${to} has these names already: ${clashes.join(', ')}`, {
    entity: { kind: 'volumeGroup', id },
  })
}
