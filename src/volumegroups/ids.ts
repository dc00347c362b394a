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

/** The same everywhere. */
export const ROOT_PROJECT_ID = projectIds.create('00000000-0000-0000-0000-000000000000')

/** The UUID in an id, without its prefix. */
export function uuidOf(id: VolumeGroupId | DiskId | RecoveryPointId | OperationId): string {
  return id.slice(id.indexOf('-') + 1)
}

const hexOf = (id: DiskId): string => uuidOf(id).replaceAll('-', '')

/** SCSI unit serial number (VPD page 0x80): the 32 hex digits of the disk's UUID; tgt allows 36. */
export const serialOf = (disk: DiskId): string => hexOf(disk)

/** NAA-6 identifier (VPD page 0x83, SPC-5 §7.7.6.5), 32 hex digits: `6`, then the last 31 of the disk's UUID. */
export const naaOf = (disk: DiskId): string => `6${hexOf(disk).slice(1)}`

/**
 * The iSCSI name of the target that shows one volume group to one initiator (RFC 7143 §4.2.7).
 * It follows from the ids alone, so that it is the same on every host and site.
 */
export function targetNameOf(group: VolumeGroupId, initiator: InitiatorId): string {
  const suffix = createHash('sha256').update(initiator).digest('hex').slice(0, 16)
  return `iqn.2026-01.storage.mooring:${uuidOf(group)}:${suffix}`
}
