import type {
  DiskId,
  InitiatorId,
  PointTerms,
  PolicyId,
  PolicySpec,
  ProjectId,
  RecoveryPointId,
  TokenId,
  VolumeGroupId,
} from '../../../src/volumegroups/index.ts'
import type { VolumeGroupsService } from '../../../src/volumegroups/service.ts'
import { diskSpec, initiatorId, MiB } from '../volume-groups/helpers.ts'
import { snapshots } from '../volume-groups/policies.ts'
import { tokenSpec } from '../volume-groups/tokens.ts'

/** What is there before each operation. */
export interface Before {
  readonly groupId: VolumeGroupId
  readonly diskId: DiskId
  readonly attachedId: DiskId
  readonly ownId: DiskId
  /** Deleted, from a group that is there. */
  readonly goneId: DiskId
  /** Deleted, and with it the group that was made for it. */
  readonly goneOwnId: DiskId
  readonly goneGroupId: VolumeGroupId
  readonly pointId: RecoveryPointId
  /** Of a group of which nothing is attached. */
  readonly calmPointId: RecoveryPointId
  readonly lockedId: RecoveryPointId
  readonly policyId: PolicyId
  readonly idlePolicyId: PolicyId
  readonly emptyId: VolumeGroupId
  readonly nodeId: InitiatorId
  readonly teamId: ProjectId
  readonly bareId: ProjectId
  readonly tokenId: TokenId
  /** Nobody is heard of for longer than any lease lasts. */
  readonly silence: () => void
}

export interface Scenario {
  readonly name: string
  readonly run: (service: VolumeGroupsService, before: Before) => Promise<unknown>
  /** A half-done one leaves less than before at the target: a fence only closes. */
  readonly onlyCloses?: boolean
}

const inGroup = { kind: 'named', name: 'group' } as const
type Snapshots = Extract<PolicySpec, { kind: 'snapshot' }>
const ROOT = { kind: 'project', path: '/' } as const
/** By the clock of the world that the operations run in. */
const LOCKED: PointTerms = { expiresAt: undefined, lockedUntil: new Date('2027-01-01'), labels: { app: 'x' } }
const KEPT = { graceMs: 3_600_000 }
const larger = { requiredBytes: 64n * MiB, limitBytes: undefined }

/** Every operation, in each of its forms. */
export const SCENARIOS: Scenario[] = [
  { name: 'createProject', run: (service) => service.createProject('/team/new') },
  { name: 'moveProject', run: (service, { teamId }) => service.moveProject(teamId, '/bare/team') },
  { name: 'deleteProject', run: (service, { bareId }) => service.deleteProject(bareId) },
  { name: 'moveGroup', run: (service, { emptyId }) => service.moveGroup(emptyId, '/team') },
  {
    name: 'createGroup in a project on first use',
    run: (service) => service.createGroup({ name: 'new', project: '/team/a/b', createProject: true }),
  },
  { name: 'createGroup', run: (service) => service.createGroup({ name: 'new', project: '/' }) },
  {
    name: 'updateGroup',
    run: (service, { groupId, policyId }) => {
      const snapshotPolicy = { kind: 'policy', id: policyId } as const
      return service.updateGroup(groupId, { snapshotPolicy, labels: { app: 'shop' } })
    },
  },
  { name: 'deleteGroup', run: (service, { emptyId }) => service.deleteGroup(emptyId) },
  {
    name: 'deleteGroup with a grace time',
    run: (service, { emptyId }) => service.deleteGroup(emptyId, KEPT),
  },
  { name: 'undeleteGroup', run: (service, { goneGroupId }) => service.undeleteGroup(goneGroupId) },
  { name: 'createDisk in a group of its own', run: (service) => service.createDisk(diskSpec('new')) },
  {
    name: 'createDisk in a named group on first use',
    run: (service) => service.createDisk(diskSpec('new', { group: { kind: 'named', name: 'new' } })),
  },
  {
    name: 'createDisk from a recovery point, in a group that exists',
    run: (service, { pointId, diskId }) => {
      const source = { kind: 'recoveryPoint', recoveryPointId: pointId, diskId } as const
      return service.createDisk(diskSpec('new', { group: inGroup, source }))
    },
  },
  {
    name: 'createDisk with changes of its group',
    run: (service) => {
      const groupChanges = {
        snapshotPolicy: { kind: 'named', name: 'idle' },
        labels: { app: 'shop' },
      } as const
      return service.createDisk(diskSpec('new', { group: inGroup, groupChanges }))
    },
  },
  { name: 'growDisk detached', run: (service, { diskId }) => service.growDisk(diskId, larger) },
  { name: 'growDisk attached', run: (service, { attachedId }) => service.growDisk(attachedId, larger) },
  { name: 'deleteDisk', run: (service, { diskId }) => service.deleteDisk(diskId) },
  { name: 'deleteDisk with its own group', run: (service, { ownId }) => service.deleteDisk(ownId) },
  { name: 'deleteDisk with a grace time', run: (service, { diskId }) => service.deleteDisk(diskId, KEPT) },
  {
    name: 'deleteDisk with its own group, with a grace time',
    run: (service, { ownId }) => service.deleteDisk(ownId, KEPT),
  },
  { name: 'undeleteDisk', run: (service, { goneId }) => service.undeleteDisk(goneId) },
  {
    name: 'undeleteDisk with its own group',
    run: (service, { goneOwnId }) => service.undeleteDisk(goneOwnId),
  },
  { name: 'purgeDeleted', run: (service, { goneId }) => service.purgeDeleted(goneId) },
  {
    name: 'purgeDeleted with its own group',
    run: (service, { goneOwnId }) => service.purgeDeleted(goneOwnId),
  },
  {
    name: 'createRecoveryPoint',
    run: (service, { diskId, attachedId }) =>
      service.createRecoveryPoint({ name: 'new', diskIds: [diskId, attachedId], grouped: true }),
  },
  {
    name: 'createRecoveryPoint of a whole group',
    run: (service, { groupId }) => service.createGroupPoint({ name: 'new', groupId }),
  },
  {
    name: 'updateRecoveryPoint',
    run: (service, { pointId }) => service.updateRecoveryPoint(pointId, LOCKED),
  },
  {
    name: 'unlockRecoveryPoint',
    run: (service, { lockedId }) => service.unlockRecoveryPoint(lockedId, 'ticket 7'),
  },
  { name: 'createPolicy', run: (service) => service.createPolicy(snapshots('new')) },
  {
    name: 'updatePolicy',
    run: (service, { policyId }) =>
      service.updatePolicy(policyId, { ...snapshots('set'), lockMs: 0 } as Snapshots),
  },
  { name: 'deletePolicy', run: (service, { idlePolicyId }) => service.deletePolicy(idlePolicyId) },
  {
    name: 'assignPolicy',
    run: (service, { groupId, policyId }) => {
      const target = { kind: 'volumeGroup', id: groupId } as const
      return service.assignPolicy({ target, kind: 'snapshot', policyId })
    },
  },
  { name: 'unassignPolicy', run: (service) => service.unassignPolicy(ROOT, 'snapshot') },
  { name: 'deleteRecoveryPoint', run: (service, { pointId }) => service.deleteRecoveryPoint(pointId) },
  {
    name: 'revertGroup',
    run: (service, { calmPointId }) => service.revertGroup(calmPointId, 'before'),
  },
  {
    name: 'restoreGroup',
    run: (service, { calmPointId }) => service.restoreGroup(calmPointId, { name: 'new', project: '/' }),
  },
  {
    name: 'registerInitiator',
    run: (service) =>
      service.registerInitiator({ id: initiatorId('new'), name: 'iqn.2026-01.test:new', maxAttachments: 1 }),
  },
  { name: 'removeInitiator', run: (service) => service.removeInitiator(initiatorId('idle')) },
  {
    name: 'grant',
    run: (service, { diskId, nodeId }) =>
      service.grant({ diskId, initiatorId: nodeId, readOnly: false, shared: false }),
  },
  {
    name: 'takeOver',
    run: async (service, { attachedId, silence }) => {
      silence()
      const rights = { readOnly: false, shared: false }
      return service.grant({ diskId: attachedId, initiatorId: initiatorId('idle'), ...rights })
    },
  },
  {
    name: 'evict',
    run: async (service, { attachedId, silence }) => {
      silence()
      return service.revoke(attachedId, undefined)
    },
    onlyCloses: true,
  },
  { name: 'revokeToken', run: (service, { tokenId }) => service.revokeToken(tokenId) },
  {
    name: 'revoke',
    run: (service, { attachedId }) => service.revoke(attachedId, undefined),
    onlyCloses: true,
  },
]

export async function prepare(service: VolumeGroupsService, silence: () => void): Promise<Before> {
  const disk = await service.createDisk(diskSpec('disk', { group: inGroup }))
  const attached = await service.createDisk(diskSpec('attached', { group: inGroup }))
  const own = await service.createDisk(diskSpec('own'))
  const empty = await service.createGroup({ name: 'empty', project: '/' })
  for (const name of ['idle', 'node']) {
    await service.registerInitiator({
      ...{ id: initiatorId(name), maxAttachments: 0 },
      name: `iqn.2026-01.test:${name}`,
    })
  }
  const team = await service.createProject('/team')
  const bare = await service.createProject('/bare')
  const inTeam = {
    project: '/team/db',
    createProject: true,
    group: { kind: 'named', name: 'in team' },
  } as const
  await service.createDisk(diskSpec('in team', inTeam))
  const rights = { readOnly: false, shared: false }
  await service.grant({ diskId: attached.id, initiatorId: initiatorId('node'), ...rights })
  const point = await service.createRecoveryPoint({ name: 'point', diskIds: [disk.id], grouped: false })
  const policy = await service.createPolicy(snapshots('set'))
  const idle = await service.createPolicy(snapshots('idle'))
  await service.assignPolicy({ target: ROOT, kind: 'snapshot', policyId: policy.id })
  const locked = await service.createGroupPoint({ name: 'locked', groupId: disk.groupId, ...LOCKED })
  const calm = await service.createDisk(diskSpec('calm', { group: { kind: 'named', name: 'calm' } }))
  const calmPoint = await service.createRecoveryPoint({ name: 'calm', diskIds: [calm.id], grouped: true })
  const { token } = await service.createToken(tokenSpec())
  const gone = await service.createDisk(diskSpec('gone', { group: inGroup }))
  const goneOwn = await service.createDisk(diskSpec('gone with its group'))
  const goneGroup = await service.createGroup({ name: 'gone', project: '/' })
  for (const { id } of [gone, goneOwn]) await service.deleteDisk(id, KEPT)
  await service.deleteGroup(goneGroup.id, KEPT)
  return {
    tokenId: token.id,
    calmPointId: calmPoint.id,
    lockedId: locked.id,
    policyId: policy.id,
    idlePolicyId: idle.id,
    groupId: disk.groupId,
    diskId: disk.id,
    attachedId: attached.id,
    ownId: own.id,
    goneId: gone.id,
    goneOwnId: goneOwn.id,
    goneGroupId: goneGroup.id,
    pointId: point.id,
    emptyId: empty.id,
    nodeId: initiatorId('node'),
    teamId: team.id,
    bareId: bare.id,
    silence,
  }
}
