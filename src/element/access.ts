import type { Role } from '../volumegroups/index.ts'
import type { CallName } from './schemas/index.ts'

/** `own`: only where the request names the caller's own initiator. */
export type Right = 'any' | 'own'

type Rights = Readonly<Partial<Record<Role, Right>>>

const admin = { admin: 'any' } as const satisfies Rights
const operate = { ...admin, operator: 'any' } as const satisfies Rights
const change = { ...operate, provisioner: 'any' } as const satisfies Rights
const view = { ...change, viewer: 'any' } as const satisfies Rights
const viewByNode = { ...view, node: 'any' } as const satisfies Rights

/** Who may make which call. A call without a line here does not compile; a role without an entry may not. */
export const ACCESS = {
  status: viewByNode,
  capacity: viewByNode,

  createProject: operate,
  getProject: view,
  listProjects: view,
  moveProject: operate,
  deleteProject: operate,

  createToken: admin,
  listTokens: admin,
  revokeToken: admin,

  createGroup: change,
  getGroup: view,
  listGroups: view,
  // What a provisioner may set, one by one, it may set together: see assignPolicy.
  updateGroup: change,
  moveGroup: operate,
  deleteGroup: change,
  undeleteGroup: operate,

  createDisk: change,
  getDisk: viewByNode,
  listDisks: viewByNode,
  growDisk: change,
  deleteDisk: change,
  undeleteDisk: operate,
  listDeleted: view,
  purgeDeleted: operate,

  createRecoveryPoint: change,
  createGroupPoint: change,
  getRecoveryPoint: view,
  listRecoveryPoints: view,
  listDiskImages: view,
  updateRecoveryPoint: operate,
  unlockRecoveryPoint: operate,
  deleteRecoveryPoint: change,
  revertGroup: change,
  restoreGroup: change,
  groupSpace: view,
  allocated: view,
  delta: view,

  registerInitiator: { ...admin, node: 'own' },
  getInitiator: { ...view, node: 'own' },
  listInitiators: view,
  removeInitiator: operate,
  renewLease: { ...admin, node: 'own' },

  grant: { ...change, node: 'own' },
  revoke: { ...change, node: 'own' },
  revokeAll: change,
  listAttachments: { ...view, node: 'own' },
  // Holds the credentials of the initiator: for that node, and nobody else who could do without.
  connection: { ...admin, node: 'own' },

  createPolicy: operate,
  getPolicy: view,
  listPolicies: view,
  updatePolicy: operate,
  deletePolicy: operate,
  // A provisioner sets what a VolumeAttributesClass names; it can delete recovery points all the same.
  assignPolicy: change,
  unassignPolicy: change,
  listPolicyAssignments: view,
  groupPolicies: view,
  diskPolicies: view,
  getSchedule: view,
  listSchedules: view,

  createBackup: operate,
  listBackups: operate,

  audit: view,

  getRecovery: view,
  listRecoveries: view,

  getOperation: view,
  listOperations: view,
} as const satisfies Record<CallName, Rights>
