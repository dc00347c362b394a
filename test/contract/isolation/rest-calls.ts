import type { CallName } from '../../../src/element/schemas/index.ts'
import { recoveryIds } from '../../../src/volumegroups/index.ts'
import { SETTINGS, type Things } from './two-projects.ts'

/** One request: the values of a route's parameters, its query and its body. */
export interface Asked {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
}

const none = (): Asked[] => [{}]
const group = ({ groupId, emptyId }: Things): Asked[] => [
  { params: { groupId } },
  { params: { groupId: emptyId } },
]
const disk = ({ diskId, attachedId }: Things): Asked[] => [
  { params: { diskId } },
  { params: { diskId: attachedId } },
]
const point = ({ pointId, groupedId }: Things): Asked[] =>
  [pointId, groupedId].map((recoveryPointId) => ({ params: { recoveryPointId } }))
const project = ({ projectId }: Things): Asked[] => [{ params: { projectId } }]
const policy = ({ policyId }: Things): Asked[] => [{ params: { policyId } }]
const initiator = ({ initiatorId }: Things): Asked[] => [{ params: { initiatorId } }]
const withBody = (asked: Asked[], body: object): Asked[] => asked.map((one) => ({ ...one, body }))

/** Another's disk to one's own initiator, one's own disk to another's, and both of another. */
const pairs = (other: Things, own: Things): Asked[] => [
  { params: { diskId: other.diskId, initiatorId: own.initiatorId } },
  { params: { diskId: other.attachedId, initiatorId: own.initiatorId } },
  { params: { diskId: own.diskId, initiatorId: other.initiatorId } },
  { params: { diskId: own.attachedId, initiatorId: other.initiatorId } },
  { params: { diskId: other.attachedId, initiatorId: other.initiatorId } },
]

const range = ({ pointId, diskId }: Things): Asked[] => [{ params: { recoveryPointId: pointId, diskId } }]
const snapshot = { ...SETTINGS, schedules: [{ everyMs: 3_600_000 }] }

/** Every way in which a request can name what is not the caller's. A call without a line does not compile. */
export const REST_CALLS: { readonly [Name in CallName]: (other: Things, own: Things) => Asked[] } = {
  status: none,
  capacity: none,

  createProject: ({ path }) => [{ body: { path } }, { body: { path: `${path}/new` } }],
  getProject: project,
  listProjects: ({ path }) => [
    {},
    { query: { path } },
    { query: { parent: path } },
    { query: { under: path } },
  ],
  moveProject: (other, own) => [
    ...withBody(project(other), { path: `${own.path}/taken-over` }),
    ...withBody(project(own), { path: other.path }),
    ...withBody(project(own), { path: `${other.path}/given-away` }),
  ],
  deleteProject: project,

  createToken: ({ path, initiatorId }, own) => [
    { body: { role: 'viewer', project: path, label: 'l' } },
    { body: { role: 'node', project: own.path, initiatorId, label: 'l' } },
  ],
  listTokens: none,
  revokeToken: ({ tokenId }) => [{ params: { tokenId } }],

  createGroup: ({ path, groupName }, own) => [
    { body: { name: groupName, project: path } },
    { body: { name: groupName, project: path, createProject: true } },
    { body: { name: groupName, project: own.path } },
  ],
  getGroup: group,
  listGroups: ({ groupName }) => [{}, { query: { name: groupName } }],
  moveGroup: (other, own) => [
    ...withBody(group(other), { project: own.path }),
    { params: { groupId: own.emptyId }, body: { project: other.path } },
  ],
  updateGroup: (other, own) => [
    ...withBody(group(other), { labels: { mine: 'yes' } }),
    { params: { groupId: own.emptyId }, body: { snapshotPolicy: { name: other.policyName } } },
    { params: { groupId: own.emptyId }, body: { snapshotPolicy: { id: other.policyId } } },
  ],
  deleteGroup: group,
  undeleteGroup: (other) => withBody(group(other), {}),

  createDisk: ({ path, diskName, groupId, groupName, diskId, pointId, policyName }, own) => [
    { body: { name: diskName, project: path } },
    { body: { name: diskName, project: path, createProject: true } },
    { body: { name: diskName, project: own.path } },
    {
      body: {
        ...{ name: 'with-a-policy', project: own.path },
        groupChanges: { snapshotPolicy: { name: policyName } },
      },
    },
    { body: { name: 'into-a-group', project: own.path, group: { id: groupId } } },
    { body: { name: 'into-a-group-there', project: path, group: { name: groupName } } },
    { body: { name: 'copy-of-a-disk', project: own.path, source: { diskId } } },
    { body: { name: 'copy-of-a-point', project: own.path, source: { diskId, recoveryPointId: pointId } } },
    { body: { name: 'mixed', project: own.path, source: { diskId, recoveryPointId: own.pointId } } },
  ],
  getDisk: disk,
  listDisks: ({ groupId, diskName, pageToken }) => [
    ...[{}, { query: { groupId } }, { query: { name: diskName } }],
    { query: { pageToken, limit: '1' } },
  ],
  growDisk: (other) => withBody(disk(other), { requiredBytes: 1024 ** 3 }),
  deleteDisk: disk,
  undeleteDisk: (other) => withBody(disk(other), {}),
  listDeleted: ({ groupId }) => [{}, { query: { groupId } }],
  purgeDeleted: ({ diskId, groupId }) => [
    { params: { deletedId: diskId } },
    { params: { deletedId: groupId } },
  ],

  createRecoveryPoint: ({ diskId, attachedId, pointName }, own) => [
    { body: { name: 'p1', diskIds: [diskId], grouped: false } },
    { body: { name: 'p2', diskIds: [diskId, attachedId], grouped: true } },
    { body: { name: 'p3', diskIds: [own.diskId, diskId], grouped: true } },
    { body: { name: pointName, diskIds: [own.diskId], grouped: false } },
  ],
  createGroupPoint: (other) => withBody(group(other), { name: 'whole' }),
  getRecoveryPoint: point,
  listRecoveryPoints: ({ groupId }) => [{}, { query: { groupId } }],
  listDiskImages: ({ diskId, pointId }, own) => [
    ...[{}, { query: { diskId } }, { query: { recoveryPointId: pointId } }],
    { query: { diskId, recoveryPointId: own.pointId } },
  ],
  updateRecoveryPoint: (other) => withBody(point(other), { labels: { mine: 'yes' } }),
  unlockRecoveryPoint: (other) => withBody(point(other), { why: 'a reason' }),
  deleteRecoveryPoint: point,
  revertGroup: (other) => withBody(point(other), { keepAs: 'before' }),
  restoreGroup: (other, own) => [
    ...withBody(point(other), { name: 'restored', project: own.path }),
    { params: { recoveryPointId: own.pointId }, body: { name: 'given', project: other.path } },
  ],
  groupSpace: group,
  allocated: (other, own) => [...range(other), ...range({ ...other, pointId: own.pointId })],
  delta: (other, own) => [
    ...range(other).map((one) => ({ ...one, query: { base: other.pointId } })),
    ...range(own).map((one) => ({ ...one, query: { base: other.pointId } })),
    ...range(other).map((one) => ({ ...one, query: { base: own.pointId } })),
  ],

  registerInitiator: (other, own) => [
    ...withBody(initiator(other), { name: other.initiatorName, maxAttachments: 0 }),
    ...withBody(initiator(own), { name: own.initiatorName, maxAttachments: 7 }),
  ],
  getInitiator: initiator,
  listInitiators: none,
  removeInitiator: initiator,
  renewLease: (other) => withBody(initiator(other), { instance: 'boot-1', host: 'a-host' }),

  grant: (other, own) => withBody(pairs(other, own), { readOnly: false, shared: false }),
  revoke: pairs,
  revokeAll: disk,
  connection: pairs,
  listAttachments: ({ diskId, attachedId, initiatorId }, own) => [
    ...[{}, { query: { diskId } }, { query: { diskId: attachedId } }, { query: { initiatorId } }],
    { query: { diskId: attachedId, initiatorId: own.initiatorId } },
    { query: { initiatorId: own.initiatorId } },
  ],

  getRecovery: () => [{ params: { recoveryId: recoveryIds.create() } }],
  listRecoveries: none,
  getOperation: ({ operationId }) => [{ params: { operationId } }],
  listOperations: () => [{ query: { state: 'failed' } }],

  audit: none,
  createBackup: none,
  listBackups: none,

  createPolicy: ({ path, policyName }, own) => [
    { body: { name: 'p', project: path, snapshot } },
    { body: { name: policyName, project: own.path, snapshot } },
  ],
  getPolicy: policy,
  listPolicies: ({ path }) => [{}, { query: { project: path } }],
  updatePolicy: (other) => withBody(policy(other), { snapshot }),
  deletePolicy: policy,
  assignPolicy: ({ path, groupId, policyId }, own) => [
    { body: { target: { project: path }, kind: 'snapshot' } },
    { body: { target: { groupId }, kind: 'snapshot', policyId: own.policyId } },
    { body: { target: { groupId: own.emptyId }, kind: 'snapshot', policyId } },
  ],
  unassignPolicy: ({ path, groupId }) => [
    { query: { project: path, kind: 'snapshot' } },
    { query: { groupId, kind: 'snapshot' } },
  ],
  listPolicyAssignments: ({ policyId }) => [{}, { query: { policyId } }],
  groupPolicies: group,
  getSchedule: group,
  listSchedules: () => [{}, { query: { state: 'missed' } }, { query: { state: 'kept' } }],
  diskPolicies: disk,
}
