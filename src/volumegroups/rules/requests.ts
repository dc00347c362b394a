import type { DeleteOptions, UndeleteOptions } from '../deletions.ts'
import { StorageError, Violations } from '../errors.ts'
import { type GroupChanges, POLICY_FIELDS } from '../group-changes.ts'
import type { LeaseRenewal } from '../leases.ts'
import {
  MAX_ATTRIBUTES_BYTES,
  MAX_DISK_BYTES,
  MAX_DISKS_PER_RECOVERY_POINT,
  MAX_GRACE_MS,
  MAX_HOST_BYTES,
  MAX_INITIATOR_ID_BYTES,
  MAX_LOCK_MS,
  MAX_NAME_BYTES,
  MAX_PROJECT_PATH_BYTES,
  MAX_REPORTED_DISKS,
  MAX_WHY_BYTES,
  MIN_DISK_BYTES,
} from '../limits.ts'
import type {
  DiskSpec,
  GroupPointSpec,
  InitiatorSpec,
  PointOptions,
  RecoveryPointSpec,
  SizeRange,
} from '../ports.ts'
import type { TokenSpec } from '../projects.ts'
import type { PointTerms } from '../types.ts'

/** What a caller can get wrong without any look at the state. All faults of a request are thrown together. */

export function checkKeepAs(name: string): void {
  const faults = new Violations()
  checkName(faults, 'keepAs', name)
  faults.throwIfAny()
}

export function checkGroup({ name, project }: { name: string; project: string }): void {
  const faults = new Violations()
  checkName(faults, 'name', name)
  checkProject(faults, project)
  faults.throwIfAny()
}

export function checkDisk({ name, project, group, size, attributes, groupChanges }: DiskSpec): void {
  const faults = new Violations()
  checkName(faults, 'name', name)
  checkProject(faults, project)
  if (group.kind === 'named') checkName(faults, 'group.name', group.name)
  checkSize(faults, size)
  checkTexts(faults, 'attributes', attributes)
  addChangeFaults(faults, groupChanges ?? {}, 'groupChanges.')
  faults.throwIfAny()
}

export function checkGroupChanges(changes: GroupChanges): void {
  const faults = new Violations()
  addChangeFaults(faults, changes)
  faults.throwIfAny()
}

function addChangeFaults(faults: Violations, changes: GroupChanges, within = ''): void {
  for (const [field] of POLICY_FIELDS) {
    const choice = changes[field]
    if (choice?.kind === 'named') checkName(faults, `${within}${field}.name`, choice.name)
  }
  checkTexts(faults, `${within}labels`, changes.labels ?? {})
}

export function checkGrowth(size: SizeRange): void {
  const faults = new Violations()
  checkSize(faults, size)
  faults.throwIfAny()
}

export function checkDeletion({ graceMs = 0 }: DeleteOptions = {}): void {
  if (Number.isInteger(graceMs) && graceMs >= 0 && graceMs <= MAX_GRACE_MS) return
  throw new StorageError('INVALID_ARGUMENT', `graceMs must be a whole number from 0 to ${MAX_GRACE_MS}`)
}

export function checkUndeletion({ name }: UndeleteOptions = {}): void {
  const faults = new Violations()
  if (name !== undefined) checkName(faults, 'name', name)
  faults.throwIfAny()
}

export function checkRecoveryPoint({ name, diskIds, ...terms }: RecoveryPointSpec, now: Date): void {
  const faults = new Violations()
  checkName(faults, 'name', name)
  const count = diskIds.length
  if (count < 1 || count > MAX_DISKS_PER_RECOVERY_POINT || new Set(diskIds).size !== count) {
    const message = `diskIds must name 1 to ${MAX_DISKS_PER_RECOVERY_POINT} different disks`
    faults.add('diskIds', 'INVALID_ARGUMENT', message)
  }
  addTermFaults(faults, terms, now)
  faults.throwIfAny()
}

export function checkGroupPoint({ name, ...terms }: GroupPointSpec, now: Date): void {
  const faults = new Violations()
  checkName(faults, 'name', name)
  addTermFaults(faults, terms, now)
  faults.throwIfAny()
}

export function checkTerms(terms: PointTerms, now: Date): void {
  const faults = new Violations()
  addTermFaults(faults, terms, now)
  faults.throwIfAny()
}

function addTermFaults(faults: Violations, { lockedUntil, labels = {} }: PointOptions, now: Date): void {
  if (lockedUntil && lockedUntil.getTime() - now.getTime() > MAX_LOCK_MS) {
    faults.add('lockedUntil', 'INVALID_ARGUMENT', `lockedUntil must be at most ${MAX_LOCK_MS} ms from now`)
  }
  checkTexts(faults, 'labels', labels)
}

/** Why something was done that needs a reason. */
export function checkWhy(why: string): void {
  const faults = new Violations()
  checkName(faults, 'why', why, MAX_WHY_BYTES)
  faults.throwIfAny()
}

export function checkInitiator({ id, name, maxAttachments }: InitiatorSpec): void {
  const faults = new Violations()
  checkName(faults, 'id', id, MAX_INITIATOR_ID_BYTES)
  if (!ISCSI_NAME.test(name)) {
    faults.add(
      'name',
      'INVALID_ARGUMENT',
      'name must be an iSCSI name, such as iqn.2026-01.org.example:node-1',
    )
  }
  if (!Number.isSafeInteger(maxAttachments) || maxAttachments < 0) {
    faults.add('maxAttachments', 'INVALID_ARGUMENT', 'maxAttachments must be a whole number, 0 or more')
  }
  faults.throwIfAny()
}

export function checkRenewal({ initiatorId, instance, host, serves }: LeaseRenewal): void {
  const faults = new Violations()
  checkName(faults, 'initiatorId', initiatorId, MAX_INITIATOR_ID_BYTES)
  checkName(faults, 'instance', instance)
  checkName(faults, 'host', host, MAX_HOST_BYTES)
  if (serves && serves.length > MAX_REPORTED_DISKS) {
    faults.add('serves', 'INVALID_ARGUMENT', `serves: no more than ${MAX_REPORTED_DISKS} disks`)
  }
  faults.throwIfAny()
}

export function checkPath(field: string, path: string): void {
  const faults = new Violations()
  checkProject(faults, path, field)
  faults.throwIfAny()
}

export function checkToken({ role, project, initiatorId, label, expiresAt }: TokenSpec, now: Date): void {
  const faults = new Violations()
  const add = (field: string, message: string) => faults.add(field, 'INVALID_ARGUMENT', message)
  checkProject(faults, project)
  checkName(faults, 'label', label)
  if (initiatorId !== undefined) checkName(faults, 'initiatorId', initiatorId, MAX_INITIATOR_ID_BYTES)
  if ((role === 'node') !== (initiatorId !== undefined)) {
    add('initiatorId', 'initiatorId must be given for the role node, and for no other')
  }
  if (expiresAt !== undefined && !(expiresAt > now)) add('expiresAt', 'expiresAt must be in the future')
  faults.throwIfAny()
}

/** RFC 7143 §4.2.7: at most 223 bytes; of what RFC 3722 allows, the ASCII part, normalised to lower case. */
const ISCSI_NAME = /^(iqn|eui|naa)\.[a-z0-9.:-]{1,219}$/
const PROJECT = /^(\/|(\/[A-Za-z0-9._-]+)+)$/

function checkTexts(faults: Violations, field: string, texts: Readonly<Record<string, string>>): void {
  const bytes = Object.entries(texts)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes <= MAX_ATTRIBUTES_BYTES) return
  faults.add(field, 'INVALID_ARGUMENT', `${field} take ${bytes} bytes, more than ${MAX_ATTRIBUTES_BYTES}`)
}

export function checkName(faults: Violations, field: string, name: string, maxBytes = MAX_NAME_BYTES): void {
  const bytes = Buffer.byteLength(name)
  if (bytes >= 1 && bytes <= maxBytes && !/\p{Cc}/u.test(name)) return
  const message = `${field} must have 1 to ${maxBytes} bytes and no control characters`
  faults.add(field, 'INVALID_ARGUMENT', message)
}

export function checkProject(faults: Violations, project: string, field = 'project'): void {
  if (PROJECT.test(project) && project.length <= MAX_PROJECT_PATH_BYTES) return
  const message = `${field} must be a path such as / or /team-a/db, of at most ${MAX_PROJECT_PATH_BYTES} bytes`
  faults.add(field, 'INVALID_ARGUMENT', message)
}

function checkSize(faults: Violations, { requiredBytes, limitBytes }: SizeRange): void {
  const add = (field: string, message: string) => faults.add(field, 'SIZE_OUT_OF_RANGE', message)
  if (requiredBytes !== undefined && (requiredBytes < 0n || requiredBytes > MAX_DISK_BYTES)) {
    add('size.requiredBytes', `size.requiredBytes must lie between 0 and ${MAX_DISK_BYTES}`)
  }
  if (limitBytes !== undefined && limitBytes < MIN_DISK_BYTES) {
    add('size.limitBytes', `size.limitBytes is below the smallest disk, ${MIN_DISK_BYTES}`)
  }
  if (requiredBytes !== undefined && limitBytes !== undefined && requiredBytes > limitBytes) {
    add('size', `size.requiredBytes ${requiredBytes} is above size.limitBytes ${limitBytes}`)
  }
}
