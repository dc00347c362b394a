import { describe } from 'vitest'
import { attachmentsContract } from './volume-groups/attachments.ts'
import { backupsContract } from './volume-groups/backups.ts'
import { callsContract } from './volume-groups/calls.ts'
import { deletionsContract } from './volume-groups/deletions.ts'
import { disksContract } from './volume-groups/disks.ts'
import { groupChangesContract } from './volume-groups/group-changes.ts'
import { groupsContract } from './volume-groups/groups.ts'
import type { Make } from './volume-groups/helpers.ts'
import { initiatorsContract } from './volume-groups/initiators.ts'
import { leasesContract } from './volume-groups/leases.ts'
import { policiesContract } from './volume-groups/policies.ts'
import { projectsContract } from './volume-groups/projects.ts'
import { recoveryPointsContract } from './volume-groups/recovery-points.ts'
import { restoresContract } from './volume-groups/restores.ts'
import { tokensContract } from './volume-groups/tokens.ts'

/**
 * What every VolumeGroups promises: the fake, the real service, and both over REST.
 * @param make gives a new, empty one for each test; disposing of it ends it.
 */
export function volumeGroupsContract(name: string, make: Make): void {
  describe(`VolumeGroups: ${name}`, () => {
    describe('projects', () => projectsContract(make))
    describe('tokens', () => tokensContract(make))
    describe('groups', () => groupsContract(make))
    describe('disks', () => disksContract(make))
    describe('what was deleted', () => deletionsContract(make))
    describe('recovery points', () => recoveryPointsContract(make))
    describe('restores', () => restoresContract(make))
    describe('initiators', () => initiatorsContract(make))
    describe('leases', () => leasesContract(make))
    describe('attachments', () => attachmentsContract(make))
    describe('policies', () => policiesContract(make))
    describe('backups', () => backupsContract(make))
    describe('changes of a group', () => groupChangesContract(make))
    describe('calls', () => callsContract(make))
  })
}
