import type { ColumnType } from 'kysely'

/** Whole numbers go in as number or bigint and come out as bigint (PostgreSQL: text); rows.ts parses them. */
type Whole = ColumnType<bigint, bigint | number, bigint | number>
type Flag = Whole

export interface Schema {
  element: { id: string; incarnation: string }
  authority: { id: Whole; proofs: Whole }
  projects: {
    id: string
    parent_id: string | null
    name: string
    path: string
    generation: Whole
    created_at_ms: Whole
  }
  tokens: {
    id: string
    sha256: string
    project_id: string
    role: string
    initiator_id: string | null
    label: string
    created_at_ms: Whole
    expires_at_ms: Whole | null
  }
  volume_groups: {
    id: string
    project_id: string
    name: string
    implicit: Flag
    generation: Whole
    epoch: Whole
    labels: ColumnType<string, string | undefined, string>
    next_lun: Whole
    data_missing_since_ms: Whole | null
    created_at_ms: Whole
  }
  disks: {
    id: string
    group_id: string
    project_id: string
    name: string
    size_bytes: Whole
    lun: Whole
    attributes: string
    source_disk_id: string | null
    source_recovery_point_id: string | null
    group_changes: string | null
    generation: Whole
    data_missing_since_ms: Whole | null
    created_at_ms: Whole
  }
  recovery_points: {
    id: string
    group_id: string
    project_id: string
    name: string
    grouped: Flag
    reason: ColumnType<string, string | undefined, string>
    expires_at_ms: Whole | null
    locked_until_ms: Whole | null
    labels: ColumnType<string, string | undefined, string>
    generation: ColumnType<bigint, bigint | number | undefined, bigint | number>
    created_at_ms: Whole
  }
  recovery_point_disks: {
    recovery_point_id: string
    disk_id: string
    position: Whole
    size_bytes: Whole
  }
  policies: {
    id: string
    project_id: string
    name: string
    kind: string
    settings: string
    generation: Whole
    created_at_ms: Whole
  }
  schedule_plans: {
    group_id: string
    policy_id: string
    policy_generation: Whole
    due_at_ms: Whole
    point_name: string
    try_at_ms: Whole
    failures: Whole
    failure_reason: string | null
    failure_message: string | null
    last_point_at_ms: Whole | null
  }
  policy_assignments: {
    target: string
    kind: string
    project_id: string | null
    group_id: string | null
    policy_id: string | null
    set_at_ms: Whole
  }
  initiators: {
    id: string
    project_id: string
    name: string
    max_attachments: Whole
    registered_at_ms: Whole
    chap_user: string
    chap_secret: string
    mutual_user: string
    mutual_secret: string
  }
  leases: {
    initiator_id: string
    instance: string
    host: string
    renewed_at_ms: Whole
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
    project_id: string | null
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
  tombstones: {
    id: string
    kind: string
    group_id: string
    project_id: string | null
    name: string
    size_bytes: Whole | null
    lun: Whole | null
    next_lun: Whole | null
    generation: Whole
    entity: string
    deleted_at_ms: Whole
    restorable_until_ms: Whole
    reason: string
    actor: string | null
  }
  recoveries: {
    id: string
    at_ms: Whole
    is_restored: Flag
    incarnation_before: string
    incarnation_after: string
    counts: string
    decisions: string
  }
  idempotency_keys: {
    kind: string
    key: string
    request_hash: string
    operation_id: string
  }
}
