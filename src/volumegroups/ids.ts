import { createHash, randomUUID } from 'node:crypto'

declare const brand: unique symbol
type Brand<Name extends string> = string & { readonly [brand]: Name }

/** `vg-<uuid>`. */
export type VolumeGroupId = Brand<'VolumeGroupId'>
/** `disk-<uuid>`; it is the CSI `volume_id` too. */
export type DiskId = Brand<'DiskId'>
/** `rp-<uuid>`. */
export type RecoveryPointId = Brand<'RecoveryPointId'>
/** `op-<uuid>`. */
export type OperationId = Brand<'OperationId'>
/** `policy-<uuid>`. */
export type PolicyId = Brand<'PolicyId'>
/** `project-<uuid>`. */
export type ProjectId = Brand<'ProjectId'>
/** `token-<uuid>`. */
export type TokenId = Brand<'TokenId'>
/** `recovery-<uuid>`. */
export type RecoveryId = Brand<'RecoveryId'>
/** The id a node gives itself (its Kubernetes node name); it is the CSI `node_id` too. */
export type InitiatorId = Brand<'InitiatorId'>

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

function kindOf<Id extends string>(prefix: string) {
  const pattern = new RegExp(`^${prefix}-${UUID}$`)
  return {
    create: (uuid: string = randomUUID()): Id => `${prefix}-${uuid}` as Id,
    is: (text: string): text is Id => pattern.test(text),
  }
}

export const volumeGroupIds = kindOf<VolumeGroupId>('vg')
export const diskIds = kindOf<DiskId>('disk')
export const recoveryPointIds = kindOf<RecoveryPointId>('rp')
export const operationIds = kindOf<OperationId>('op')
export const policyIds = kindOf<PolicyId>('policy')
export const projectIds = kindOf<ProjectId>('project')
export const tokenIds = kindOf<TokenId>('token')
export const recoveryIds = kindOf<RecoveryId>('recovery')

/** The same everywhere. */
export const ROOT_PROJECT_ID = projectIds.create('00000000-0000-0000-0000-000000000000')

/** For a project of which only the path is known: the same id for the same path, and the same maker if one is named. */
export function projectIdFor(path: string, maker = ''): ProjectId {
  if (path === '/') return ROOT_PROJECT_ID
  const hex = createHash('sha256').update(`${maker}${path}`).digest('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`]
  return projectIds.create([...parts, hex.slice(20, 32)].join('-'))
}

/** The UUID in an id, without its prefix. */
export function uuidOf(id: VolumeGroupId | DiskId | RecoveryPointId | OperationId): string {
  return id.slice(id.indexOf('-') + 1)
}

const hexOf = (id: DiskId): string => uuidOf(id).replaceAll('-', '')

/** SCSI unit serial number (VPD page 0x80): the 32 hex digits of the disk's UUID; tgt allows 36. */
export const serialOf = (disk: DiskId): string => hexOf(disk)

/** The disk that shows this serial number; undefined when none of ours does. */
export function diskOfSerial(serial: string): DiskId | undefined {
  const parts = /^(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})$/.exec(serial)
  const id = parts && diskIds.create(parts.slice(1).join('-'))
  return id && diskIds.is(id) ? id : undefined
}

/**
 * NAA-6 identifier (VPD page 0x83, SPC-5 §7.7.6.5), 32 hex digits: `6`, a company's number, and the first 25 of the
 * disk's UUID. The kernel's own target makes it so of the serial number and can't be told another: see decision 0022.
 */
export const naaOf = (disk: DiskId): string => `6001405${hexOf(disk).slice(0, 25)}`

/**
 * The iSCSI name of the target that shows one volume group to one initiator (RFC 7143 §4.2.7).
 * It follows from the ids alone, so that it is the same on every host and site.
 */
export function targetNameOf(group: VolumeGroupId, initiator: InitiatorId): string {
  const suffix = createHash('sha256').update(initiator).digest('hex').slice(0, 16)
  return `iqn.2026-01.storage.mooring:${uuidOf(group)}:${suffix}`
}
