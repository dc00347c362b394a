import type { Audits } from './audits.ts'
import type { Backups } from './backups.ts'
import type { ByteRange, Contents, GroupSpace, StoredPair, StoredThing, StoreSource } from './contents.ts'
import type { Deletions } from './deletions.ts'
import type { StorageError } from './errors.ts'
import type { GroupChanges } from './group-changes.ts'
import type { DiskId, InitiatorId, OperationId, ProjectId, RecoveryPointId, VolumeGroupId } from './ids.ts'
import type { Leases } from './leases.ts'
import type { Manifest, PoolOwner, StoredGroup, StoredPoint } from './manifest.ts'
import type { Policies } from './policies/port.ts'
import type { Projects } from './projects.ts'
import type { Recoveries } from './recoveries.ts'
import type {
  Attachment,
  Capacity,
  Connection,
  Disk,
  DiskImage,
  DiskSource,
  ElementStatus,
  Initiator,
  Operation,
  Page,
  PageQuery,
  PointReason,
  PointTerms,
  PoolCapacity,
  ProjectPath,
  RecoveryPoint,
  VolumeGroup,
} from './types.ts'

export type * from './manifest.ts'
export type { Export, ServedLun, ServedTarget, Target } from './target.ts'

/** Whose call it is: a token's. */
export interface Caller {
  /** Its idempotency keys are its own. */
  readonly id: string
  /** What is outside this project does not exist for it. */
  readonly projectId: ProjectId
  /** The initiator that it speaks for. */
  readonly initiatorId: InitiatorId | undefined
}

/** How a call is made. */
export interface CallOptions {
  /** Ends the waiting, not the operation: a retry finds the result. */
  readonly signal?: AbortSignal | undefined
  /** Rather AUTHORITY_LOST than an answer that the element can't vouch for. */
  readonly authoritative?: boolean | undefined
  /** The same key with the same request gives the same result, also after a restart. */
  readonly idempotencyKey?: string | undefined
  /** Left out: the element's own, or its administrator's; everything exists for it. */
  readonly caller?: Caller | undefined
}

/** `own`: a group made for this disk alone. `named`: made on first use. */
export type GroupChoice =
  | { readonly kind: 'own' }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'existing'; readonly id: VolumeGroupId }

export interface SizeRange {
  readonly requiredBytes: bigint | undefined
  readonly limitBytes: bigint | undefined
}

export interface DiskSpec {
  readonly name: string
  readonly project: ProjectPath
  /** Makes the project if there is none; else PROJECT_NOT_FOUND. */
  readonly createProject?: boolean | undefined
  readonly group: GroupChoice
  readonly size: SizeRange
  readonly source?: DiskSource | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** Set on the group when the disk is made. A retry finds the disk, and changes nothing. */
  readonly groupChanges?: GroupChanges | undefined
}

/** Left out: made for a user, with no terms. */
export interface PointOptions extends Partial<PointTerms> {
  readonly reason?: Exclude<PointReason, 'schedule'> | undefined
}

/** Of all disks that the group has at that instant, however many. */
export interface GroupPointSpec extends PointOptions {
  readonly name: string
  readonly groupId: VolumeGroupId
}

export interface RecoveryPointSpec extends PointOptions {
  readonly name: string
  /** All of one volume group; no more than MAX_DISKS_PER_RECOVERY_POINT. */
  readonly diskIds: readonly DiskId[]
  readonly grouped: boolean
}

export interface InitiatorSpec {
  readonly id: InitiatorId
  readonly name: string
  readonly maxAttachments: number
}

export interface GrantSpec {
  readonly diskId: DiskId
  readonly initiatorId: InitiatorId
  readonly readOnly: boolean
  readonly shared: boolean
}

export interface GroupSpec {
  readonly name: string
  readonly project: ProjectPath
  /** Makes the project if there is none; else PROJECT_NOT_FOUND. */
  readonly createProject?: boolean | undefined
}

export interface DiskFilter extends PageQuery {
  readonly groupId?: VolumeGroupId | undefined
  readonly name?: string | undefined
}

export interface DiskImageFilter extends PageQuery {
  readonly recoveryPointId?: RecoveryPointId | undefined
  readonly diskId?: DiskId | undefined
}

/**
 * The domain port: what the CSI controller calls, what the REST client implements and what the element serves.
 * Every method throws StorageError and nothing else.
 */
export interface VolumeGroups
  extends Policies,
    Projects,
    Contents,
    Leases,
    Backups,
    Deletions,
    Recoveries,
    Audits {
  status(call?: CallOptions): Promise<ElementStatus>
  capacity(call?: CallOptions): Promise<PoolCapacity>

  /** Idempotent by (project, name). */
  createGroup(spec: GroupSpec, call?: CallOptions): Promise<VolumeGroup>
  getGroup(id: VolumeGroupId, call?: CallOptions): Promise<VolumeGroup>
  listGroups(
    query?: PageQuery & { name?: string | undefined },
    call?: CallOptions,
  ): Promise<Page<VolumeGroup>>
  /** Sets policies and labels, all or nothing. */
  updateGroup(id: VolumeGroupId, changes: GroupChanges, call?: CallOptions): Promise<VolumeGroup>

  /** Idempotent by (project, name): a retry that fits gets the disk made before; else NAME_TAKEN. */
  createDisk(spec: DiskSpec, call?: CallOptions): Promise<Disk>
  getDisk(id: DiskId, call?: CallOptions): Promise<Disk>
  listDisks(query?: DiskFilter, call?: CallOptions): Promise<Page<Disk>>
  /** Makes the disk at least this large, attached or not; never smaller. */
  growDisk(id: DiskId, size: SizeRange, call?: CallOptions): Promise<Disk>

  /** All disks at one instant. Idempotent by (project, name): the same disks, or NAME_TAKEN. */
  createRecoveryPoint(spec: RecoveryPointSpec, call?: CallOptions): Promise<RecoveryPoint>
  /** All disks of the group at one instant; refuses one that has none. Idempotent by (project, name). */
  createGroupPoint(spec: GroupPointSpec, call?: CallOptions): Promise<RecoveryPoint>
  getRecoveryPoint(id: RecoveryPointId, call?: CallOptions): Promise<RecoveryPoint>
  listRecoveryPoints(
    query?: PageQuery & { groupId?: VolumeGroupId | undefined },
    call?: CallOptions,
  ): Promise<Page<RecoveryPoint>>
  listDiskImages(query?: DiskImageFilter, call?: CallOptions): Promise<Page<DiskImage>>
  /** Sets its terms anew. A lock can be made longer, and lifted only by `unlockRecoveryPoint`. */
  updateRecoveryPoint(id: RecoveryPointId, terms: PointTerms, call?: CallOptions): Promise<RecoveryPoint>
  /** Lifts the lock; why is kept with the operation. */
  unlockRecoveryPoint(id: RecoveryPointId, why: string, call?: CallOptions): Promise<RecoveryPoint>
  /** Refuses a locked one. OK when it is gone already. */
  deleteRecoveryPoint(id: RecoveryPointId, call?: CallOptions): Promise<void>

  /** Idempotent by id; a name that another initiator has is refused. Makes its CHAP credentials. */
  registerInitiator(spec: InitiatorSpec, call?: CallOptions): Promise<Initiator>
  getInitiator(id: InitiatorId, call?: CallOptions): Promise<Initiator>
  listInitiators(query?: PageQuery, call?: CallOptions): Promise<Page<Initiator>>
  removeInitiator(id: InitiatorId, call?: CallOptions): Promise<void>

  /** Idempotent. When it returns, the initiator can log in and reach the disk. */
  grant(spec: GrantSpec, call?: CallOptions): Promise<Attachment>
  /** When it returns, no further I/O of that initiator (of any, if none is named) can reach the disk. Idempotent. */
  revoke(diskId: DiskId, initiatorId: InitiatorId | undefined, call?: CallOptions): Promise<void>
  listAttachments(
    query?: PageQuery & { diskId?: DiskId | undefined; initiatorId?: InitiatorId | undefined },
    call?: CallOptions,
  ): Promise<Page<Attachment>>
  /** How to reach a granted disk, with credentials. */
  connection(diskId: DiskId, initiatorId: InitiatorId, call?: CallOptions): Promise<Connection>

  getOperation(id: OperationId, call?: CallOptions): Promise<Operation>
  listOperations(
    query?: PageQuery & { state?: Operation['state'] | undefined },
    call?: CallOptions,
  ): Promise<Page<Operation>>
}

/** The Store plug. Every method is idempotent and durable (fsync) when it returns. */
export interface Store {
  readonly abilities: { readonly groupAtomic: boolean; readonly delta: boolean; readonly stream: boolean }
  /** What is left counts what was acknowledged, though it may not be on a disk yet. */
  capacity(): Promise<Capacity>
  /** When it returns, the space of what was deleted before is free again; else that takes its time. Bounded. */
  reclaim(): Promise<void>
  createGroup(group: VolumeGroupId): Promise<void>
  /** Refuses a group that still has disks or recovery points. OK when it is gone. */
  deleteGroup(group: VolumeGroupId): Promise<void>
  /** A sparse disk of exactly this size, blank or with the source's content. A source is never larger. */
  createDisk(group: VolumeGroupId, disk: DiskId, sizeBytes: bigint, source?: StoreSource): Promise<void>
  /** Never makes it smaller. */
  growDisk(group: VolumeGroupId, disk: DiskId, sizeBytes: bigint): Promise<void>
  deleteDisk(group: VolumeGroupId, disk: DiskId): Promise<void>
  /** One instant of these disks (and of the manifest); what is not named is not kept in it. */
  createRecoveryPoint(group: VolumeGroupId, point: RecoveryPointId, disks: readonly DiskId[]): Promise<void>
  deleteRecoveryPoint(group: VolumeGroupId, point: RecoveryPointId): Promise<void>
  /**
   * Gives each disk that is there and in the point the content it had then, all at once; its size, the other disks
   * and the manifest stay. What was there before is the recovery point `keepAs`; if that is there already, disks that
   * are not in it stay too. For disks that nobody serves.
   */
  revertGroup(group: VolumeGroupId, point: RecoveryPointId, keepAs: RecoveryPointId): Promise<void>
  /** What is not zeroes by never having been written, from the offset on: ascending, merged, in whole blocks. */
  allocated(image: StoreSource, fromBytes?: bigint): AsyncIterable<ByteRange>
  /** Where the target's content may differ from the base's: as `allocated`. What is not named is the same. */
  delta(images: StoredPair, fromBytes?: bigint): AsyncIterable<ByteRange>
  /** Measured now, in bounded time. */
  space(group: VolumeGroupId): Promise<GroupSpace>
  /** Puts aside what nobody knows, where nothing finds it but a person. Nothing is deleted. OK when it is gone. */
  quarantine(thing: StoredThing): Promise<void>
  writeManifest(manifest: Manifest): Promise<void>
  /** Undefined when there is none. A damaged one throws. */
  readManifest(group: VolumeGroupId): Promise<Manifest | undefined>
  /** The file that a target serves. */
  backingPath(group: VolumeGroupId, disk: DiskId): string
  inventory(): Promise<readonly StoredGroup[]>
  inspectPoint(group: VolumeGroupId, point: RecoveryPointId): Promise<StoredPoint>
  /** Undefined in a pool that nobody has used yet. A damaged one throws MANIFEST_DAMAGED. */
  readOwner(): Promise<PoolOwner | undefined>
  writeOwner(owner: PoolOwner): Promise<void>
}

/** A disk that is attached to this node. */
export interface AttachedDevice {
  readonly diskId: DiskId
  /** The block device, such as `/dev/loop3`. */
  readonly path: string
  readonly sizeBytes: bigint
  readonly readOnly: boolean
}

/** How the way from this node to an attached disk is. `failed` is for good: all its I/O gets an error. */
export interface DiskSession {
  readonly diskId: DiskId
  readonly state: 'connected' | 'reconnecting' | 'failed'
  /** Why it is not connected, or not over all its paths; for people. */
  readonly detail: string
  /** Of a disk that has several portals. */
  readonly paths?: { readonly up: number; readonly expected: number } | undefined
}

/** What is wrong with an attached disk and could not be put right. */
export interface RepairFault {
  readonly diskId: DiskId
  readonly error: StorageError
}

/** The Initiator plug: a connection becomes a verified block device, and goes away cleanly from any half state. */
export interface InitiatorPlug extends AsyncDisposable {
  /** Idempotent. The device's serial was compared with the connection's before it returns. */
  attach(connection: Connection, call?: CallOptions): Promise<AttachedDevice>
  /** Finds the disk's device without touching it; undefined when it is not attached. */
  find(diskId: DiskId, call?: CallOptions): Promise<AttachedDevice | undefined>
  /** Takes over the size that the target has now. */
  refreshSize(diskId: DiskId, call?: CallOptions): Promise<AttachedDevice>
  /** Flushes, then detaches. Idempotent, from any half state; OK when it is not attached. */
  detach(diskId: DiskId, call?: CallOptions): Promise<void>
  list(call?: CallOptions): Promise<readonly AttachedDevice[]>
  /** Of the attached disks, as far as it is known; no I/O is done to find out. */
  sessions(call?: CallOptions): Promise<readonly DiskSession[]>
  /**
   * The disk is not this node's any more: all its I/O fails from now on, and nothing logs in for it again. What is left
   * of it goes with `detach`. OK when it is not attached.
   */
  lose(diskId: DiskId, why: string, call?: CallOptions): Promise<void>
  /**
   * Puts right what broke: sessions that ended, devices that are missing. A disk that turns out to be another one fails
   * for good. `connectionOf` is asked where a login is needed. Harmless at any time; call it every few seconds.
   */
  repair(
    connectionOf: (diskId: DiskId) => Promise<Connection>,
    call?: CallOptions,
  ): Promise<readonly RepairFault[]>
}
