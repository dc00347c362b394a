import type { Slice } from './database.ts'
import type { DiskId, RecoveryId, RecoveryPointId, VolumeGroupId } from './ids.ts'
import type { ManifestDisk, PoolOwner } from './manifest.ts'
import type { Policy } from './policies/types.ts'
import type { CallOptions } from './ports.ts'
import type {
  AdoptedGroup,
  AdoptedSetting,
  DecisionKind,
  GroupRow,
  PlacedProject,
} from './rules/recovery/types.ts'
import type { Page, PageQuery } from './types.ts'

/** The rows of the table of decisions. */
export const DECISION_KINDS = [
  ...['adoptGroup', 'adoptDisk', 'adoptPoint', 'updateGroup', 'updateDisk', 'updatePoint', 'dropDisk'],
  ...['placeProject', 'adoptPolicy', 'adoptSettings', 'finishOperation', 'writeManifest', 'extendDisk'],
  ...['dropPoint', 'groupMissing', 'diskMissing', 'remakeGroup', 'restoreDisk', 'groupFound', 'diskFound'],
  ...['deleteDisk', 'deleteGroup', 'undeleteDisk', 'undeleteGroup', 'dropDeleted', 'quarantine'],
] as const satisfies DecisionKind[]

/** What was decided about one thing, for people and programs. */
export interface RecordedDecision {
  readonly kind: DecisionKind
  /** The ids of what it is about: first the thing itself. */
  readonly entities: readonly string[]
  /** What was found, and what was done. */
  readonly detail: string
  /** Why it could not be done. The next start tries again. */
  readonly failure?: { readonly reason: string; readonly message: string } | undefined
}

/** A start at which database and data differed. */
export interface RecoverySummary {
  readonly id: RecoveryId
  readonly at: Date
  /** Where they differed as only a restored database or pool does: with it, the incarnation is a new one. */
  readonly isRestored: boolean
  /** Of the database, before and after. */
  readonly incarnations: { readonly before: string; readonly after: string }
  /** How many decisions of each kind. */
  readonly counts: Readonly<Record<string, number>>
}

export interface RecoveryReport extends RecoverySummary {
  /** The first MAX_RECORDED_DECISIONS of them. */
  readonly decisions: readonly RecordedDecision[]
}

/** The part of the domain port that tells of recoveries. For callers of the root project alone. */
export interface Recoveries {
  getRecovery(id: RecoveryId, call?: CallOptions): Promise<RecoveryReport>
  /** Oldest first. */
  listRecoveries(query?: PageQuery, call?: CallOptions): Promise<Page<RecoverySummary>>
}

export interface RecoveryReader {
  /** Whose the database is. */
  owner(): Promise<PoolOwner>
  groupRows(): Promise<readonly GroupRow[]>
  recovery(id: RecoveryId): Promise<RecoveryReport | undefined>
  recoveries(slice: Slice): Promise<readonly RecoverySummary[]>
}

/** Each puts what is given in the place of what is there under the same id. */
export interface RecoveryWriter {
  putIncarnation(incarnation: string): Promise<void>
  /** Parents before what is in them. */
  placeProjects(projects: readonly PlacedProject[]): Promise<void>
  putGroup(group: AdoptedGroup): Promise<void>
  putDisk(disk: ManifestDisk): Promise<void>
  rename(id: VolumeGroupId | DiskId | RecoveryPointId, name: string): Promise<void>
  putPolicy(policy: Policy): Promise<void>
  putSettings(on: PlacedProject['id'] | VolumeGroupId, settings: readonly AdoptedSetting[]): Promise<void>
  /** Left out: its data are there again. */
  markMissing(id: VolumeGroupId | DiskId, since: Date | undefined): Promise<void>
  /** And forgets all but the newest MAX_RECOVERIES. */
  putRecovery(recovery: RecoveryReport): Promise<void>
}
