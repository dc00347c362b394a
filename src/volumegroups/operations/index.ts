import { assignPolicy } from './assignPolicy.ts'
import { createDisk } from './createDisk.ts'
import { createGroup } from './createGroup.ts'
import { createPolicy } from './createPolicy.ts'
import { createProject } from './createProject.ts'
import { createRecoveryPoint } from './createRecoveryPoint.ts'
import { deleteDisk } from './deleteDisk.ts'
import { deleteGroup } from './deleteGroup.ts'
import { deletePolicy } from './deletePolicy.ts'
import { deleteProject } from './deleteProject.ts'
import { deleteRecoveryPoint } from './deleteRecoveryPoint.ts'
import { evict } from './evict.ts'
import { grant } from './grant.ts'
import { growDisk } from './growDisk.ts'
import { moveGroup } from './moveGroup.ts'
import { moveProject } from './moveProject.ts'
import type { Parts } from './parts.ts'
import { purgeDeleted } from './purgeDeleted.ts'
import { registerInitiator } from './registerInitiator.ts'
import { removeInitiator } from './removeInitiator.ts'
import { restoreGroup } from './restoreGroup.ts'
import { revertGroup } from './revertGroup.ts'
import { revoke } from './revoke.ts'
import { revokeToken } from './revokeToken.ts'
import { takeOver } from './takeOver.ts'
import { unassignPolicy } from './unassignPolicy.ts'
import { undeleteDisk } from './undeleteDisk.ts'
import { undeleteGroup } from './undeleteGroup.ts'
import { unlockRecoveryPoint } from './unlockRecoveryPoint.ts'
import { updateGroup } from './updateGroup.ts'
import { updatePolicy } from './updatePolicy.ts'
import { updateRecoveryPoint } from './updateRecoveryPoint.ts'

export type { Parts } from './parts.ts'
export { notFound, refuseMissing } from './parts.ts'

/** Everything that changes something. */
export const operationsOf = (parts: Parts) => ({
  createProject: createProject(parts),
  moveProject: moveProject(parts),
  deleteProject: deleteProject(),
  createGroup: createGroup(parts),
  moveGroup: moveGroup(parts),
  updateGroup: updateGroup(parts),
  deleteGroup: deleteGroup(parts),
  undeleteGroup: undeleteGroup(parts),
  createDisk: createDisk(parts),
  growDisk: growDisk(parts),
  deleteDisk: deleteDisk(parts),
  undeleteDisk: undeleteDisk(parts),
  purgeDeleted: purgeDeleted(parts),
  createRecoveryPoint: createRecoveryPoint(parts),
  updateRecoveryPoint: updateRecoveryPoint(parts),
  unlockRecoveryPoint: unlockRecoveryPoint(parts),
  deleteRecoveryPoint: deleteRecoveryPoint(parts),
  revertGroup: revertGroup(parts),
  restoreGroup: restoreGroup(parts),
  registerInitiator: registerInitiator(parts),
  removeInitiator: removeInitiator(),
  grant: grant(parts),
  takeOver: takeOver(parts),
  revoke: revoke(parts),
  evict: evict(parts),
  revokeToken: revokeToken(),
  createPolicy: createPolicy(parts),
  updatePolicy: updatePolicy(parts),
  deletePolicy: deletePolicy(),
  assignPolicy: assignPolicy(parts),
  unassignPolicy: unassignPolicy(parts),
})
