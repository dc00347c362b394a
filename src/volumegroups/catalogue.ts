/**
 * Every reason for which a call can fail: its kind, what it means, and what to do next.
 * A reason is machine-readable and never changes its meaning; `docs/reference/errors.md` is made from this table.
 */
export const CATALOGUE = {
  INVALID_ARGUMENT: {
    kind: 'invalid_request',
    meaning: 'A field of the request is missing or malformed.',
    fix: 'Correct the fields that the error names and send the request again.',
  },
  UNKNOWN_PARAMETER: {
    kind: 'invalid_request',
    meaning: 'The request has a parameter that Mooring does not know.',
    fix: 'Remove the parameter, or correct its spelling, in the StorageClass or request.',
  },
  SIZE_OUT_OF_RANGE: {
    kind: 'out_of_range',
    meaning: 'The requested size can not be had: too small, too large, or contradictory.',
    fix: 'Ask for a size within the limits that the error names.',
  },
  OFFSET_OUT_OF_RANGE: {
    kind: 'out_of_range',
    meaning: 'The offset is not within the disk.',
    fix: 'Ask for an offset from 0 to the size that the error names.',
  },
  PAGE_TOKEN_INVALID: {
    kind: 'invalid_token',
    meaning: 'The page token was not given out by this list.',
    fix: 'Start the list again without a token.',
  },
  UNAUTHENTICATED: {
    kind: 'unauthenticated',
    meaning: 'The request carries no token that this element knows.',
    fix: 'Send a valid bearer token.',
  },
  PERMISSION_DENIED: {
    kind: 'permission_denied',
    meaning: 'The token does not allow this call.',
    fix: 'Use a token whose role allows the call.',
  },
  NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No such route or resource.',
    fix: 'Check the address of the request.',
  },
  METHOD_NOT_ALLOWED: {
    kind: 'method_not_allowed',
    meaning: 'The address is known, but has no such method.',
    fix: 'Use one of the methods that the Allow header names.',
  },
  VOLUME_GROUP_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No volume group has this id or name.',
    fix: 'List the volume groups and use the id of one of them.',
  },
  DISK_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No disk has this id.',
    fix: 'List the disks and use the id of one of them.',
  },
  PROJECT_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No project has this id or path.',
    fix: 'Create the project first, or ask for it with createProject: true.',
  },
  RECOVERY_POINT_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No recovery point has this id, or it does not hold the disk.',
    fix: 'List the recovery points and use the id of one of them.',
  },
  POLICY_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No policy has this id, or it can not be used in this project.',
    fix: 'List the policies of the project and of those above it, and use the id of one of them.',
  },
  INITIATOR_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No initiator is registered under this id.',
    fix: 'Check that the node plugin runs on that node: it registers its initiator when it starts.',
  },
  ATTACHMENT_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'The disk is not attached to this initiator.',
    fix: 'Grant the disk to the initiator first (ControllerPublishVolume does so).',
  },
  OPERATION_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No operation has this id.',
    fix: 'List the operations and use the id of one of them.',
  },
  RECOVERY_NOT_FOUND: {
    kind: 'not_found',
    meaning: 'No recovery has this id, or it is so long ago that it was forgotten.',
    fix: 'List the recoveries and use the id of one of them.',
  },
  VOLUME_NOT_STAGED: {
    kind: 'precondition_failed',
    meaning: 'The volume is not staged on this node.',
    fix: 'Call NodeStageVolume first.',
  },
  VOLUME_NOT_AT_PATH: {
    kind: 'not_found',
    meaning: 'The volume is not present at this path.',
    fix: 'Use the path at which the volume was staged or published.',
  },
  NAME_TAKEN: {
    kind: 'already_exists',
    meaning: 'An object of this name exists and differs from what the request asks for.',
    fix: 'Use another name, or ask for what exists.',
  },
  INITIATOR_NAME_TAKEN: {
    kind: 'already_exists',
    meaning: 'Another node is registered with the same iSCSI initiator name.',
    fix: 'Give each node its own initiator name (cloned machines often share one).',
  },
  ATTACHED_DIFFERENTLY: {
    kind: 'already_exists',
    meaning: 'The disk is attached to this initiator already, with other rights.',
    fix: 'Detach the disk from the initiator first.',
  },
  PUBLISHED_DIFFERENTLY: {
    kind: 'already_exists',
    meaning: 'The volume is staged or published at this path already, in another way.',
    fix: 'Unpublish the volume from the path first.',
  },
  DISK_ATTACHED: {
    kind: 'in_use',
    meaning: 'The disk is attached to an initiator.',
    fix: 'Detach the disk from the initiator that the error names.',
  },
  LEASE_HELD: {
    kind: 'in_use',
    meaning: 'Another machine, or an earlier life of this one, acts as the same initiator.',
    fix: 'Give each node an id and an iSCSI name of its own. After a reboot, wait until the time is over that the error names.',
  },
  VOLUME_GROUP_NOT_EMPTY: {
    kind: 'in_use',
    meaning: 'The volume group still holds disks or recovery points.',
    fix: 'Delete what the error lists first.',
  },
  VOLUME_GROUP_DELETED: {
    kind: 'in_use',
    meaning: 'The volume group of a deleted disk is deleted too.',
    fix: 'Undelete the volume group first.',
  },
  PROJECT_NOT_EMPTY: {
    kind: 'in_use',
    meaning: 'The project still holds projects, volume groups, policies, initiators or tokens.',
    fix: 'Delete or move what the error lists first.',
  },
  POLICY_OUT_OF_PROJECT: {
    kind: 'precondition_failed',
    meaning: 'A policy is set on its own project and on what is in it, and on nothing else.',
    fix: 'Take the setting that the error names away first, and set a policy of the new place.',
  },
  PROJECT_CYCLE: {
    kind: 'precondition_failed',
    meaning: 'A project can not be moved into itself or into what is in it.',
    fix: 'Choose a place outside the project.',
  },
  ROOT_PROJECT_FIXED: {
    kind: 'precondition_failed',
    meaning: 'The root project can not be moved, renamed or deleted.',
    fix: 'Move or delete the projects in it.',
  },
  INITIATOR_OUT_OF_PROJECT: {
    kind: 'precondition_failed',
    meaning: 'An initiator holds only disks of its own project and of the projects in it.',
    fix: "Use an initiator of the disk's project, or of one above it.",
  },
  POLICY_IN_USE: {
    kind: 'in_use',
    meaning: 'The policy is set on projects or volume groups.',
    fix: 'Unset it, or set another policy, where the error says.',
  },
  POLICY_KIND_DIFFERS: {
    kind: 'precondition_failed',
    meaning: 'The policy is of the other kind: there are snapshot and protection policies.',
    fix: 'Use a policy of the right kind, or name its own kind.',
  },
  INITIATOR_IN_USE: {
    kind: 'in_use',
    meaning: 'Disks are attached to the initiator.',
    fix: 'Detach the disks that the error lists first.',
  },
  RECOVERY_POINT_LOCKED: {
    kind: 'precondition_failed',
    meaning: 'The recovery point is locked against early deletion.',
    fix: 'Wait until the lock ends, or have an operator lift it, with a reason.',
  },
  VOLUME_GROUP_EMPTY: {
    kind: 'precondition_failed',
    meaning: 'The volume group has no disk of which a recovery point could be made.',
    fix: 'Create a disk in the volume group first.',
  },
  RECOVERY_POINT_GROUPED: {
    kind: 'invalid_request',
    meaning: 'The snapshot is a member of a group snapshot and can not be deleted alone.',
    fix: 'Delete the group snapshot.',
  },
  DISKS_NOT_TOGETHER: {
    kind: 'precondition_failed',
    meaning: 'The disks are not all in one volume group, so no single instant can be taken of them.',
    fix: 'Take one recovery point for each volume group.',
  },
  NOT_MULTI_NODE: {
    kind: 'precondition_failed',
    meaning: 'The volume is published for one use only and is in use at another path.',
    fix: 'Unpublish it there first, or use an access mode that allows several users.',
  },
  MOUNT_POINT_TAKEN: {
    kind: 'in_use',
    meaning: 'Something else is mounted at the path.',
    fix: 'Unmount it, or use another path; mounts are never stacked.',
  },
  MOUNT_BUSY: {
    kind: 'in_use',
    meaning: 'A mount is in use, so it can not be taken away.',
    fix: 'End the processes that use it; the same call then finishes.',
  },
  STAGED_DIFFERENTLY: {
    kind: 'precondition_failed',
    meaning: 'The volume is staged on this node in a way that does not allow what was asked.',
    fix: 'Unstage the volume and stage it as it is to be used.',
  },
  UNSUPPORTED_CAPABILITY: {
    kind: 'invalid_request',
    meaning: 'The volume can not be used in the way that the capability asks for.',
    fix: 'Use a supported access type and access mode.',
  },
  UNSUPPORTED: {
    kind: 'unsupported',
    meaning: 'This part does not do what was asked.',
    fix: 'Use another part, or do without.',
  },
  ENTITY_BUSY: {
    kind: 'busy',
    meaning: 'Another call works on the same object right now.',
    fix: 'Send the same request again in a moment.',
  },
  TOO_MANY_CALLS: {
    kind: 'busy',
    meaning: 'More calls are under way than the limit allows.',
    fix: 'Send the same request again in a moment.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    kind: 'invalid_request',
    meaning: 'The Idempotency-Key was used before with another request.',
    fix: 'Use a new key for a new request.',
  },
  IDEMPOTENCY_KEY_MISSING: {
    kind: 'invalid_request',
    meaning: 'A request that changes something needs an Idempotency-Key header.',
    fix: 'Send a unique key, and the same key again when you retry.',
  },
  POINT_OVERDUE: {
    kind: 'unavailable',
    meaning: 'A recovery point is due and waits for its turn.',
    fix: 'Wait; if it stays so, look for operations that take long and at the load of the pool.',
  },
  NO_SPACE: {
    kind: 'no_space',
    meaning: 'The pool has not enough free space.',
    fix: 'Delete disks or recovery points, or enlarge the pool.',
  },
  TOPOLOGY_UNREACHABLE: {
    kind: 'no_space',
    meaning: 'No element can place the volume where the request demands it.',
    fix: 'Ask for the site that the error names.',
  },
  ATTACHMENT_LIMIT_REACHED: {
    kind: 'limit_reached',
    meaning: 'The initiator has as many disks attached as it can hold.',
    fix: 'Detach a disk from it, or use another node.',
  },
  LIMIT_REACHED: {
    kind: 'limit_reached',
    meaning: 'A fixed limit is reached.',
    fix: 'Remove what is no longer needed; the limits are listed in docs/reference/limits.md.',
  },
  IDENTITY_MISMATCH: {
    kind: 'identity_mismatch',
    meaning: 'A device or object is not the one that it should be. Nothing was touched.',
    fix: 'Compare the identities that the error names; do not use the device until they agree.',
  },
  NOT_BLANK: {
    kind: 'identity_mismatch',
    meaning: 'The device holds data that Mooring did not expect, so it was not formatted.',
    fix: 'Look at what the device holds; use the file system that is on it, or another volume.',
  },
  FENCE_INCOMPLETE: {
    kind: 'unavailable',
    meaning: 'The disk still has a command under way at the target, so it was not handed on.',
    fix: 'Try again; if it stays so, look at the store: a write is stuck there.',
  },
  DEVICE_IN_USE: {
    kind: 'busy',
    meaning: 'A block device is mounted elsewhere on the node, or a program holds it.',
    fix: 'End what uses the device; the same call then finishes.',
  },
  TARGET_NOT_EMPTY: {
    kind: 'precondition_failed',
    meaning: 'The target path holds something that is not of the volume, so it was not removed.',
    fix: 'Look at what is there: it was written while nothing was mounted. Move it away.',
  },
  NODE_RECORD_UNWRITABLE: {
    kind: 'unavailable',
    meaning: 'The node can not write the record of a volume.',
    fix: 'Check the disk space and rights of the state directory of the node.',
  },
  NODE_RECORD_DAMAGED: {
    kind: 'precondition_failed',
    meaning: 'The record of a staged volume can not be read, so nothing was touched.',
    fix: 'Look at the file that the error names; remove it only when the volume is not in use on the node.',
  },
  ENCRYPTION_DIFFERS: {
    kind: 'precondition_failed',
    meaning: 'The volume is encrypted where it should not be, or not where it should be. It was not touched.',
    fix: 'Use a StorageClass that fits what the volume, or its source, is.',
  },
  ENCRYPTION_KEY_MISSING: {
    kind: 'precondition_failed',
    meaning: 'The volume is encrypted, and the request brings no key.',
    fix: 'Name a Secret with the key in the StorageClass: node-stage-secret and node-expand-secret.',
  },
  ENCRYPTION_KEY_WRONG: {
    kind: 'precondition_failed',
    meaning: 'The key in the secrets of the request does not open the volume.',
    fix: 'Put the key into the Secret with which the volume was first staged.',
  },
  ENCRYPTION_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'The node can not open encrypted volumes.',
    fix: 'Install cryptsetup and load dm_crypt on the node.',
  },
  FILESYSTEM_DIFFERS: {
    kind: 'precondition_failed',
    meaning: 'The volume holds another file system than the one asked for. It was not touched.',
    fix: 'Ask for the file system that is on the volume, or use another volume.',
  },
  FILESYSTEM_MISSING: {
    kind: 'precondition_failed',
    meaning: 'The volume is blank and attached read-only, so no file system can be made on it.',
    fix: 'Attach the volume for writing first.',
  },
  FORMAT_FAILED: {
    kind: 'unavailable',
    meaning: 'The program that makes the file system failed. What it left is overwritten by the next try.',
    fix: 'Correct mkfsOptions if the words of the program, in the error, say so; the call is repeated.',
  },
  MOUNT_REFUSED: {
    kind: 'precondition_failed',
    meaning: 'The kernel refused to mount the file system.',
    fix: 'Check the mount flags; the log of the kernel on the node says more.',
  },
  FILESYSTEM_GROW_REFUSED: {
    kind: 'precondition_failed',
    meaning: 'The kernel refused to grow the mounted file system.',
    fix: 'ext4 needs CAP_SYS_RESOURCE to grow online: give it to the node plugin, or use xfs.',
  },
  FILESYSTEM_DAMAGED: {
    kind: 'precondition_failed',
    meaning: 'The file system on the volume is damaged and was not mounted.',
    fix: 'Attach the volume as a block device and repair it, or restore a recovery point.',
  },
  POOL_UNUSABLE: {
    kind: 'precondition_failed',
    meaning: 'What the configuration names as the pool can not be used as one. Nothing was changed.',
    fix: 'Name a mounted btrfs, or an image file and a mount point that nothing else uses.',
  },
  STORE_FAILED: {
    kind: 'unavailable',
    meaning: 'The store could not read or write its files.',
    fix: 'Look at the cause in the log of the element, and at the health of the pool.',
  },
  DATA_MISSING: {
    kind: 'precondition_failed',
    meaning: 'The disk or volume group is known, and the store does not have its data: it is not served.',
    fix: 'Put the data back where they were: they are served again within a sweep. Or restore a recovery point, or delete it; `mooring audit` says what is missing.',
  },
  MANIFEST_DAMAGED: {
    kind: 'precondition_failed',
    meaning: 'The manifest in the store is damaged.',
    fix: 'Write it anew from the database, or take it from the newest recovery point.',
  },
  COMMAND_FAILED: {
    kind: 'unavailable',
    meaning: 'A program of the operating system failed.',
    fix: 'Look at the cause in the log of the part that the error names.',
  },
  AUTHORITY_LOST: {
    kind: 'unavailable',
    meaning: 'The element can not write its database, so it may not change, grant or vouch for anything.',
    fix: 'Look at the disk that holds the database: space, mount, errors. The element goes on by itself when it is well.',
  },
  DATABASE_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: "The element's database can not be read or written.",
    fix: 'Try again; if it stays so, look at the disk that holds the database: space, mount, errors.',
  },
  BACKUP_FAILED: {
    kind: 'unavailable',
    meaning: "The element's database could not be copied, or the copy did not pass its check.",
    fix: 'Look at the cause in the log of the element, and at the disk that holds the backups: space, mount, errors.',
  },
  BACKUP_UNUSABLE: {
    kind: 'precondition_failed',
    meaning: 'The file can not take the place of the database of this element.',
    fix: 'Use a backup of this element that passes the check.',
  },
  ELEMENT_RUNNING: {
    kind: 'in_use',
    meaning: 'An element runs on the state directory.',
    fix: 'Stop the element and give the command again.',
  },
  TARGET_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'The iSCSI target daemon does not answer.',
    fix: 'Try again; the element restarts the daemon by itself.',
  },
  ENDPOINT_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'The element endpoint does not answer.',
    fix: 'Check that the element runs and that its address is right; then try again.',
  },
  ELEMENT_DIFFERS: {
    kind: 'unavailable',
    meaning:
      'Another element answers at an endpoint than the one that this process works with. It was not used.',
    fix: 'Name only endpoints of one element in the list; if the element was made anew, restart the process.',
  },
  INITIATOR_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'The iSCSI initiator on this node could not attach or detach the disk.',
    fix: 'Try again; if it stays so, check the portal that the error names.',
  },
  LOGIN_REFUSED: {
    kind: 'unavailable',
    meaning: 'The target refused the login.',
    fix: 'Check that the disk is granted to this initiator and that the credentials are current.',
  },
  NOT_READY: {
    kind: 'unavailable',
    meaning: 'The part is starting or stopping.',
    fix: 'Try again in a moment.',
  },
  DEADLINE_EXCEEDED: {
    kind: 'deadline_exceeded',
    meaning: 'The caller stopped waiting before the result was there. The operation goes on.',
    fix: 'Send the same request again: it finds the result.',
  },
  STEP_TIMED_OUT: {
    kind: 'deadline_exceeded',
    meaning: 'A step took longer than its limit.',
    fix: 'Try again; if it stays so, look at the step that the error names.',
  },
  INTERNAL: {
    kind: 'internal',
    meaning: 'A defect in Mooring.',
    fix: 'Report it with the log of the part that answered.',
  },
} as const satisfies Record<string, { kind: ErrorKind; meaning: string; fix: string }>

/** The closed list of error kinds. Each edge maps every kind to its own codes, in one table. */
export type ErrorKind =
  | 'invalid_request'
  | 'out_of_range'
  | 'invalid_token'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'already_exists'
  | 'in_use'
  | 'precondition_failed'
  | 'identity_mismatch'
  | 'busy'
  | 'no_space'
  | 'limit_reached'
  | 'unsupported'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'internal'

export type Reason = keyof typeof CATALOGUE
