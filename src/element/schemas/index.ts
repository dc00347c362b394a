import { attachmentCalls } from './attachments.ts'
import { auditCalls } from './audits.ts'
import { backupCalls } from './backups.ts'
import { contentCalls } from './contents.ts'
import { deletionCalls } from './deletions.ts'
import { diskCalls } from './disks.ts'
import { groupChangeCalls } from './group-changes.ts'
import { initiatorCalls } from './initiators.ts'
import { leaseCalls } from './leases.ts'
import { operationCalls } from './operations.ts'
import { policyCalls } from './policy-calls.ts'
import { projectCalls } from './projects.ts'
import { recoveryCalls } from './recoveries.ts'
import { recoveryPointCalls } from './recovery-points.ts'
import { statusCalls } from './status.ts'
import { tokenCalls } from './tokens.ts'
import { volumeGroupCalls } from './volume-groups.ts'

export * from './calls.ts'
export * from './headers.ts'
export * from './problem.ts'
export { REASON } from './wire.ts'

/** The whole API: every call, by the name of what it does. */
export const API = {
  ...statusCalls,
  ...projectCalls,
  ...tokenCalls,
  ...volumeGroupCalls,
  ...groupChangeCalls,
  ...diskCalls,
  ...deletionCalls,
  ...recoveryPointCalls,
  ...contentCalls,
  ...initiatorCalls,
  ...leaseCalls,
  ...attachmentCalls,
  ...operationCalls,
  ...policyCalls,
  ...backupCalls,
  ...recoveryCalls,
  ...auditCalls,
}

export type CallName = keyof typeof API

/** Every path of the API starts with it. */
export const API_ROOT = '/v1'
