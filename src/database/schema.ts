import type { ColumnType } from 'kysely'

/** Whole numbers go in as number or bigint and come out as bigint (PostgreSQL: text); rows.ts parses them. */
type Whole = ColumnType<bigint, bigint | number, bigint | number>
type Flag = Whole

export interface Schema {
  element: { id: string; incarnation: string }
  volume_groups: {
    id: string
    project: string
    name: string
    implicit: Flag
    generation: Whole
    epoch: Whole
    next_lun: Whole
    created_at_ms: Whole
  }
  disks: {
    id: string
    group_id: string
    project: string
    name: string
    size_bytes: Whole
    lun: Whole
    attributes: string
    source_disk_id: string | null
    source_recovery_point_id: string | null
    generation: Whole
    created_at_ms: Whole
  }
  recovery_points: {
    id: string
    group_id: string
    project: string
    name: string
    grouped: Flag
    created_at_ms: Whole
  }
  recovery_point_disks: {
    recovery_point_id: string
    disk_id: string
    position: Whole
    size_bytes: Whole
  }
  initiators: {
    id: string
    name: string
    max_attachments: Whole
    registered_at_ms: Whole
    chap_user: string
    chap_secret: string
    mutual_user: string
    mutual_secret: string
  }
  attachments: {
    disk_id: string
    initiator_id: string
    read_only: Flag
    shared: Flag
    granted_at_ms: Whole
  }
  operations: {
    id: string
    kind: string
    subject: string
    entities: string
    state: string
    committed: Flag
    step: string | null
    intent: string
    result: string | null
    failure_reason: string | null
    failure_message: string | null
    started_at_ms: Whole
    ended_at_ms: Whole | null
  }
  idempotency_keys: {
    kind: string
    key: string
    request_hash: string
    operation_id: string
  }
}
