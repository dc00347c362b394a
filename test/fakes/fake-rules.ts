import {
  DEFAULT_DISK_BYTES,
  type DiskSpec,
  type InitiatorSpec,
  MAX_ATTRIBUTES_BYTES,
  MAX_DISK_BYTES,
  MAX_DISKS_PER_RECOVERY_POINT,
  MAX_NAME_BYTES,
  MIN_DISK_BYTES,
  type RecoveryPointSpec,
  SIZE_UNIT_BYTES,
  type SizeRange,
  Violations,
} from '../../src/volumegroups/index.ts'

/** What a caller can get wrong in a request, without looking at any state. All faults are thrown together. */

export function checkGroup(spec: { name: string; project: string }): void {
  const faults = new Violations()
  checkName(faults, 'name', spec.name)
  checkProject(faults, spec.project)
  faults.throwIfAny()
}

export function checkDisk(spec: DiskSpec): void {
  const faults = new Violations()
  checkName(faults, 'name', spec.name)
  checkProject(faults, spec.project)
  if (spec.group.kind === 'named') checkName(faults, 'group.name', spec.group.name)
  checkSize(faults, spec.size)
  const attributesBytes = Object.entries(spec.attributes)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (attributesBytes > MAX_ATTRIBUTES_BYTES) {
    faults.add('attributes', 'INVALID_ARGUMENT', `attributes take more than ${MAX_ATTRIBUTES_BYTES} bytes`)
  }
  faults.throwIfAny()
}

export function checkGrowth(size: SizeRange): void {
  const faults = new Violations()
  checkSize(faults, size)
  faults.throwIfAny()
}

export function checkRecoveryPoint(spec: RecoveryPointSpec): void {
  const faults = new Violations()
  checkName(faults, 'name', spec.name)
  const count = spec.diskIds.length
  if (count < 1 || count > MAX_DISKS_PER_RECOVERY_POINT || new Set(spec.diskIds).size !== count) {
    const message = `diskIds must name 1 to ${MAX_DISKS_PER_RECOVERY_POINT} different disks`
    faults.add('diskIds', 'INVALID_ARGUMENT', message)
  }
  faults.throwIfAny()
}

export function checkInitiator(spec: InitiatorSpec): void {
  const faults = new Violations()
  checkName(faults, 'id', spec.id, 253)
  if (!/^(iqn|eui|naa)\.[a-z0-9.:-]{1,219}$/.test(spec.name)) {
    faults.add('name', 'INVALID_ARGUMENT', 'name is not an iSCSI name')
  }
  if (!Number.isInteger(spec.maxAttachments) || spec.maxAttachments < 0) {
    faults.add('maxAttachments', 'INVALID_ARGUMENT', 'maxAttachments must be a whole number, 0 or more')
  }
  faults.throwIfAny()
}

/** The size that a disk gets: what is asked for, or the source's, or the default, in whole units. */
export function sizeFor(size: SizeRange, sourceBytes: bigint | undefined): bigint {
  const limitBytes = size.limitBytes ?? MAX_DISK_BYTES
  const fallbackBytes = limitBytes < DEFAULT_DISK_BYTES ? roundDown(limitBytes) : DEFAULT_DISK_BYTES
  const sizeBytes = roundUp(size.requiredBytes ?? sourceBytes ?? fallbackBytes)
  const faults = new Violations()
  if (sizeBytes > limitBytes)
    faults.add('size', 'SIZE_OUT_OF_RANGE', `${sizeBytes} bytes are above the limit`)
  if (sourceBytes !== undefined && sourceBytes > sizeBytes) {
    faults.add(
      'size',
      'SIZE_OUT_OF_RANGE',
      `the source has ${sourceBytes} bytes, more than the size asked for`,
    )
  }
  faults.throwIfAny()
  return sizeBytes
}

const roundDown = (bytes: bigint): bigint => bytes - (bytes % SIZE_UNIT_BYTES)
const roundUp = (bytes: bigint): bigint => roundDown(bytes + SIZE_UNIT_BYTES - 1n)

function checkName(faults: Violations, field: string, name: string, maxBytes = MAX_NAME_BYTES): void {
  const bytes = Buffer.byteLength(name)
  if (bytes < 1 || bytes > maxBytes || /\p{Cc}/u.test(name)) {
    faults.add(
      field,
      'INVALID_ARGUMENT',
      `${field} must have 1 to ${maxBytes} bytes and no control characters`,
    )
  }
}

function checkProject(faults: Violations, project: string): void {
  if (!/^\/$|^(\/[A-Za-z0-9._-]+)+$/.test(project)) {
    faults.add('project', 'INVALID_ARGUMENT', 'project must be a path such as / or /team-a/db')
  }
}

function checkSize(faults: Violations, { requiredBytes, limitBytes }: SizeRange): void {
  const add = (message: string) => faults.add('size', 'SIZE_OUT_OF_RANGE', message)
  if (requiredBytes !== undefined && (requiredBytes < 0n || requiredBytes > MAX_DISK_BYTES)) {
    add(`size.requiredBytes must lie between 0 and ${MAX_DISK_BYTES}`)
  }
  if (limitBytes !== undefined && limitBytes < MIN_DISK_BYTES)
    add(`size.limitBytes is below ${MIN_DISK_BYTES}`)
  if (requiredBytes !== undefined && limitBytes !== undefined && requiredBytes > limitBytes) {
    add('size.requiredBytes is above size.limitBytes')
  }
}
