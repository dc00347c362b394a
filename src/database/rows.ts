import type { Selectable } from 'kysely'
import type {
  Credentialed,
  Disk,
  DiskId,
  DiskSource,
  Initiator,
  InitiatorId,
  Operation,
  Project,
  RecoveryPointId,
  Token,
  VolumeGroup,
} from '../volumegroups/index.ts'
import type { Schema } from './schema.ts'

/** Rows become domain values here, and only here. */
export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>

export const toDate = (ms: bigint): Date => new Date(Number(ms))
export const toFlag = (flag: bigint): boolean => Number(flag) !== 0
export const fromFlag = (flag: boolean): number => (flag ? 1 : 0)

/** A row with the path of the project that it belongs to. */
type Placed<Table extends keyof Schema> = Row<Table> & { readonly project: string }

export function toProject(row: Row<'projects'>): Project {
  return {
    id: row.id as Project['id'],
    path: row.path,
    generation: Number(row.generation),
    createdAt: toDate(row.created_at_ms),
  }
}

export function toToken(row: Placed<'tokens'>): Token {
  return {
    id: row.id as Token['id'],
    role: row.role as Token['role'],
    project: row.project,
    initiatorId: (row.initiator_id ?? undefined) as Token['initiatorId'],
    label: row.label,
    createdAt: toDate(row.created_at_ms),
    expiresAt: row.expires_at_ms === null ? undefined : toDate(row.expires_at_ms),
  }
}

export function toGroup(row: Placed<'volume_groups'>): VolumeGroup {
  return {
    id: row.id as VolumeGroup['id'],
    name: row.name,
    project: row.project,
    implicit: toFlag(row.implicit),
    generation: Number(row.generation),
    epoch: Number(row.epoch),
    labels: JSON.parse(row.labels),
    ...missingSince(row),
    createdAt: toDate(row.created_at_ms),
  }
}

export function toDisk(row: Row<'disks'>, attachedTo: readonly InitiatorId[]): Disk {
  return {
    id: row.id as DiskId,
    groupId: row.group_id as Disk['groupId'],
    name: row.name,
    sizeBytes: BigInt(row.size_bytes),
    lun: Number(row.lun),
    attributes: JSON.parse(row.attributes),
    source: toSource(row),
    ...(row.group_changes === null ? {} : { groupChanges: JSON.parse(row.group_changes) }),
    generation: Number(row.generation),
    ...missingSince(row),
    createdAt: toDate(row.created_at_ms),
    attachedTo,
  }
}

const missingSince = ({ data_missing_since_ms: ms }: { readonly data_missing_since_ms: bigint | null }) =>
  ms === null ? {} : { dataMissingSince: toDate(ms) }

function toSource({ source_disk_id, source_recovery_point_id }: Row<'disks'>): DiskSource | undefined {
  if (source_disk_id === null) return undefined
  const diskId = source_disk_id as DiskId
  if (source_recovery_point_id === null) return { kind: 'disk', diskId }
  const recoveryPointId = source_recovery_point_id as RecoveryPointId
  return { kind: 'recoveryPoint', recoveryPointId, diskId }
}

export function toInitiator(row: Placed<'initiators'>): Initiator {
  return {
    id: row.id as InitiatorId,
    name: row.name,
    project: row.project,
    maxAttachments: Number(row.max_attachments),
    registeredAt: toDate(row.registered_at_ms),
  }
}

export function toCredentialed(row: Placed<'initiators'>): Credentialed {
  const mutual = { user: row.mutual_user, secret: row.mutual_secret }
  return { ...toInitiator(row), chap: { user: row.chap_user, secret: row.chap_secret, mutual } }
}

export function toOperation(row: Row<'operations'>): Operation {
  return {
    id: row.id as Operation['id'],
    kind: row.kind,
    state: row.state as Operation['state'],
    step: row.step ?? undefined,
    entities: JSON.parse(row.entities),
    error: toFailure(row),
    startedAt: toDate(row.started_at_ms),
    endedAt: row.ended_at_ms === null ? undefined : toDate(row.ended_at_ms),
  }
}

export function toFailure(row: Row<'operations'>): { reason: string; message: string } | undefined {
  if (row.failure_reason === null) return undefined
  return { reason: row.failure_reason, message: row.failure_message ?? '' }
}
