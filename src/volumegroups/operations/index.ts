import { createDisk } from './createDisk.ts'
import { createGroup } from './createGroup.ts'
import { createRecoveryPoint } from './createRecoveryPoint.ts'
import { deleteDisk } from './deleteDisk.ts'
import { deleteGroup } from './deleteGroup.ts'
import { deleteRecoveryPoint } from './deleteRecoveryPoint.ts'
import { grant } from './grant.ts'
import { growDisk } from './growDisk.ts'
import type { Parts } from './parts.ts'
import { registerInitiator } from './registerInitiator.ts'
import { removeInitiator } from './removeInitiator.ts'
import { revoke } from './revoke.ts'

export type { Parts } from './parts.ts'
export { notFound } from './parts.ts'

/** Everything that changes something. */
export const operationsOf = (parts: Parts) => ({
  createGroup: createGroup(parts),
  deleteGroup: deleteGroup(parts),
  createDisk: createDisk(parts),
  growDisk: growDisk(parts),
  deleteDisk: deleteDisk(parts),
  createRecoveryPoint: createRecoveryPoint(parts),
  deleteRecoveryPoint: deleteRecoveryPoint(parts),
  registerInitiator: registerInitiator(parts),
  removeInitiator: removeInitiator(),
  grant: grant(parts),
  revoke: revoke(parts),
})
