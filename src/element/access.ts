import type { CallName } from './schemas/index.ts'

export type Role = 'admin' | 'provisioner' | 'node' | 'viewer'

/** `own`: only where the request names the caller's own initiator. */
export type Right = 'any' | 'own'

type Rights = Readonly<Partial<Record<Role, Right>>>

const admin = { admin: 'any' } as const satisfies Rights
const change = { ...admin, provisioner: 'any' } as const satisfies Rights
const view = { ...change, viewer: 'any' } as const satisfies Rights
const viewByNode = { ...view, node: 'any' } as const satisfies Rights

/** Who may make which call. A call without a line here does not compile; a role without an entry may not. */
export const ACCESS = {
  status: viewByNode,
  capacity: viewByNode,

  createGroup: change,
  getGroup: view,
  listGroups: view,
  deleteGroup: change,

  createDisk: change,
  getDisk: viewByNode,
  listDisks: viewByNode,
  growDisk: change,
  deleteDisk: change,

  createRecoveryPoint: change,
  getRecoveryPoint: view,
  listRecoveryPoints: view,
  listDiskImages: view,
  deleteRecoveryPoint: change,
  allocated: view,
  delta: view,

  registerInitiator: { ...admin, node: 'own' },
  getInitiator: { ...view, node: 'own' },
  listInitiators: view,
  removeInitiator: admin,

  grant: { ...change, node: 'own' },
  revoke: { ...change, node: 'own' },
  revokeAll: change,
  listAttachments: { ...view, node: 'own' },
  // Holds the credentials of the initiator: for that node, and nobody else who could do without.
  connection: { ...admin, node: 'own' },

  getOperation: view,
  listOperations: view,
} as const satisfies Record<CallName, Rights>
