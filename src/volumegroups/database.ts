import type { JournalWriter, Transactions } from '../journal/index.ts'
import type { DiskId, InitiatorId, OperationId, RecoveryPointId, VolumeGroupId } from './ids.ts'
import type { Manifest } from './ports.ts'
import type {
  Attachment,
  ChapCredentials,
  Disk,
  DiskImage,
  Initiator,
  Operation,
  ProjectPath,
  RecoveryPoint,
  VolumeGroup,
} from './types.ts'

/** Where a page begins: after the item with this time and these keys, which may be gone by now. */
export interface Cursor {
  readonly atMs: number
  readonly keys: readonly string[]
}

/** Items in the order of their time, then their keys. */
export interface Slice {
  readonly after: Cursor | undefined
  readonly limit: number
}

export interface GroupQuery {
  readonly name?: string | undefined
}

export interface DiskQuery {
  readonly groupId?: VolumeGroupId | undefined
  readonly name?: string | undefined
}

export interface RecoveryPointQuery {
  readonly groupId?: VolumeGroupId | undefined
}

export interface DiskImageQuery {
  readonly recoveryPointId?: RecoveryPointId | undefined
  readonly diskId?: DiskId | undefined
}

export interface AttachmentQuery {
  readonly diskId?: DiskId | undefined
  readonly initiatorId?: InitiatorId | undefined
}

export interface OperationQuery {
  readonly state?: Operation['state'] | undefined
}

/** An initiator with its secrets: stays within the element. */
export interface Credentialed extends Initiator {
  readonly chap: Required<ChapCredentials> & { readonly mutual: NonNullable<ChapCredentials['mutual']> }
}

/** One attachment with all that it takes to export its disk. */
export interface Grant {
  readonly attachment: Attachment
  readonly disk: Disk
  readonly initiator: Credentialed
}

/** Reads committed state (inside a transaction: what the transaction has made of it). */
export interface Reader {
  group(id: VolumeGroupId): Promise<VolumeGroup | undefined>
  groupNamed(project: ProjectPath, name: string): Promise<VolumeGroup | undefined>
  groups(query: GroupQuery, slice: Slice): Promise<readonly VolumeGroup[]>
  /** The ids of its first few disks and recovery points; none when it is empty. */
  contents(id: VolumeGroupId, limit: number): Promise<readonly (DiskId | RecoveryPointId)[]>
  manifest(id: VolumeGroupId): Promise<Manifest | undefined>

  disk(id: DiskId): Promise<Disk | undefined>
  diskNamed(project: ProjectPath, name: string): Promise<Disk | undefined>
  disks(query: DiskQuery, slice: Slice): Promise<readonly Disk[]>

  recoveryPoint(id: RecoveryPointId): Promise<RecoveryPoint | undefined>
  recoveryPointNamed(project: ProjectPath, name: string): Promise<RecoveryPoint | undefined>
  recoveryPoints(query: RecoveryPointQuery, slice: Slice): Promise<readonly RecoveryPoint[]>
  diskImages(query: DiskImageQuery, slice: Slice): Promise<readonly DiskImage[]>

  initiator(id: InitiatorId): Promise<Credentialed | undefined>
  initiatorNamed(name: string): Promise<Initiator | undefined>
  initiators(slice: Slice): Promise<readonly Initiator[]>

  attachments(query: AttachmentQuery, slice: Slice): Promise<readonly Attachment[]>
  countAttachments(id: InitiatorId): Promise<number>
  /** Of one disk, or all. */
  grants(diskId?: DiskId): Promise<readonly Grant[]>

  operation(id: OperationId): Promise<Operation | undefined>
  operations(query: OperationQuery, slice: Slice): Promise<readonly Operation[]>
}

/** Exists only inside `transact`. */
export interface Transactor extends Reader, JournalWriter {
  insertGroup(group: VolumeGroup): Promise<void>
  /** The group has changed: its generation grows. */
  touchGroup(id: VolumeGroupId): Promise<void>
  deleteGroup(id: VolumeGroupId): Promise<void>
  /** The next LUN that no disk of the group has; undefined when all are taken. Never the one given out last. */
  takeLun(id: VolumeGroupId): Promise<number | undefined>

  insertDisk(disk: Omit<Disk, 'attachedTo'>): Promise<void>
  resizeDisk(id: DiskId, sizeBytes: bigint): Promise<void>
  deleteDisk(id: DiskId): Promise<void>

  insertRecoveryPoint(point: RecoveryPoint): Promise<void>
  deleteRecoveryPoint(id: RecoveryPointId): Promise<void>

  insertInitiator(initiator: Credentialed): Promise<void>
  updateInitiator(id: InitiatorId, change: Pick<Initiator, 'name' | 'maxAttachments'>): Promise<void>
  deleteInitiator(id: InitiatorId): Promise<void>

  insertAttachment(attachment: Omit<Attachment, 'targetName' | 'lun'>): Promise<void>
  deleteAttachments(diskId: DiskId, initiatorIds: readonly InitiatorId[]): Promise<void>
}

/** The element's only memory. Throws DATABASE_UNAVAILABLE when it can't be read or written. */
export interface Database extends Transactions<Transactor>, AsyncDisposable {
  readonly reader: Reader
  /** Of the element that owns the database; made with it, never changed. */
  readonly elementId: string
}
