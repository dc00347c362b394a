import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import type { GroupChanges } from '../group-changes.ts'
import type { VolumeGroupId } from '../ids.ts'
import { restoresManifest } from '../manifests.ts'
import type { VolumeGroup } from '../types.ts'
import { type GroupSettings, haveBeenSet, setAll, settingsFor } from './group-settings.ts'
import { exclusive, notFound, type Parts, shared } from './parts.ts'

interface Request {
  readonly id: VolumeGroupId
  readonly changes: GroupChanges
}

interface Intent {
  readonly id: VolumeGroupId
  readonly settings: GroupSettings
  readonly setAt: Date
}

/** Sets policies and labels on a group, in the database and the manifest: all that is asked for, or nothing. */
export function updateGroup({ manifests, now }: Parts): Definition<Transactor, Request, Intent, VolumeGroup> {
  return {
    kind: 'updateGroup',
    plan: async (tx, { id, changes }) => {
      const group = await tx.group(id)
      if (group === undefined) throw notFound({ kind: 'volumeGroup', id })
      const settings = await settingsFor(tx, group.project, changes)
      if (await haveBeenSet(tx, group, settings)) return { met: { result: group, subject: id } }
      return { intent: { id, settings, setAt: now() } }
    },
    locks: ({ id }) => [shared(id), exclusive(`what is set on ${id}`)],
    subject: ({ id }) => id,
    entities: ({ id, settings }) => [id, ...settings.policies.flatMap(({ policyId }) => policyId ?? [])],
    steps: [restoresManifest(manifests, ({ id }) => id)],
    seal: ({ id }, commit) => manifests.seal(id, commit),
    commit: async (tx, { id, settings, setAt }) => {
      const group = (await tx.group(id)) as VolumeGroup
      await setAll(tx, group, settings, setAt)
      await tx.touchGroup(id)
      return (await tx.group(id)) as VolumeGroup
    },
    forward: [],
    supersedes: ['createGroup', 'restoreGroup', 'moveGroup', 'updateGroup'],
  }
}
