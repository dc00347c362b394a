import type { JournalWriter, Transactions } from '../journal/index.ts'
import type { DeletedDisk, DeletedFilter, DeletedGroup, DeletedSum, DeletedThing } from './deletions.ts'
import type {
  DiskId,
  InitiatorId,
  OperationId,
  PolicyId,
  ProjectId,
  RecoveryPointId,
  TokenId,
  VolumeGroupId,
} from './ids.ts'
import type { LeaseRecord } from './leases.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import type { PolicyReader, PolicyWriter } from './policies/database.ts'
import type { RecoveryReader, RecoveryWriter } from './recoveries.ts'
import type {
  Attachment,
  ChapCredentials,
  Disk,
  DiskImage,
  Initiator,
  Operation,
  PointTerms,
  Project,
  ProjectPath,
  RecoveryPoint,
  Token,
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

/** Narrows a list down to what is in one project, at any depth. */
export interface Within {
  readonly within?: ProjectPath | undefined
}

export interface ProjectQuery extends Within {
  readonly path?: ProjectPath | undefined
  /** Those directly in it. */
  readonly parent?: ProjectPath | undefined
  /** Those in it, at any depth. */
  readonly under?: ProjectPath | undefined
}

export interface GroupQuery extends Within {
  readonly name?: string | undefined
}

export interface DiskQuery extends Within {
  readonly groupId?: VolumeGroupId | undefined
  readonly name?: string | undefined
}

export interface DeletedQuery extends Within, Pick<DeletedFilter, 'kind' | 'groupId'> {}

export interface RecoveryPointQuery extends Within {
  readonly groupId?: VolumeGroupId | undefined
}

export interface DiskImageQuery extends Within {
  readonly recoveryPointId?: RecoveryPointId | undefined
  readonly diskId?: DiskId | undefined
}

/** `within`: both the disk and the initiator, unless that is `own`. */
export interface AttachmentQuery extends Within {
  readonly own?: InitiatorId | undefined
  readonly diskId?: DiskId | undefined
  readonly initiatorId?: InitiatorId | undefined
}

export interface OperationQuery extends Within {
  readonly id?: OperationId | undefined
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

/** What is in the way of deleting a project: the first few, and how many in all. */
export interface ProjectContents {
  readonly first: readonly string[]
  readonly count: number
}

/** For whom state is read, when it is not for all to see. */
export interface Scope {
  readonly projectId: ProjectId
  /** What is outside this project is not found. */
  readonly path: ProjectPath
  /** An initiator that is found wherever it is: the caller speaks for it. */
  readonly own: InitiatorId | undefined
}

/** Reads committed state (inside a transaction: what the transaction has made of it). */
export interface Reader extends RecoveryReader, PolicyReader {
  /** Left out: everything is found. */
  readonly scope?: Scope | undefined

  project(id: ProjectId): Promise<Project | undefined>
  projectAt(path: ProjectPath): Promise<Project | undefined>
  projects(query: ProjectQuery, slice: Slice): Promise<readonly Project[]>
  projectContents(id: ProjectId, limit: number): Promise<ProjectContents>
  /** How many projects deep the deepest one in it is, counted from the root. */
  depthWithin(path: ProjectPath): Promise<number>
  /** Disks attached to initiators that could not hold them once the group or project is at or in `to`. */
  stranded(moved: Moved, to: ProjectPath, limit: number): Promise<readonly DiskId[]>
  /** Policies set on the group, or in the project, that are not of a project above `to`, or of what moves. */
  strandedPolicies(moved: Moved, to: ProjectPath, limit: number): Promise<readonly PolicyId[]>
  tokens(query: Within, slice: Slice): Promise<readonly Token[]>
  token(id: TokenId): Promise<Token | undefined>
  /** By the hex SHA-256 of its secret. */
  tokenOf(sha256: string): Promise<Token | undefined>

  group(id: VolumeGroupId): Promise<VolumeGroup | undefined>
  groupNamed(project: ProjectPath, name: string): Promise<VolumeGroup | undefined>
  groups(query: GroupQuery, slice: Slice): Promise<readonly VolumeGroup[]>
  /** What it and the project both have, as `disk "a"`: the first few. */
  clashes(id: VolumeGroupId, project: ProjectPath, limit: number): Promise<readonly string[]>
  /** The ids of its first few disks and recovery points; none when it is empty. */
  contents(id: VolumeGroupId, limit: number): Promise<readonly (DiskId | RecoveryPointId)[]>
  /** What it should say; undefined when there is nowhere to write it: no group, or none of its data. */
  manifest(id: VolumeGroupId): Promise<Manifest | undefined>

  disk(id: DiskId): Promise<Disk | undefined>
  diskNamed(project: ProjectPath, name: string): Promise<Disk | undefined>
  disks(query: DiskQuery, slice: Slice): Promise<readonly Disk[]>
  /** The sizes of all disks together, those included that were deleted and can be had again; whoever asks. */
  promisedBytes(): Promise<bigint>

  /** Deleted, and not gone yet. */
  deletedDisk(id: DiskId): Promise<DeletedDisk | undefined>
  deletedGroup(id: VolumeGroupId): Promise<DeletedGroup | undefined>
  deletedSums(): Promise<readonly DeletedSum[]>
  deletedThings(query: DeletedQuery, slice: Slice): Promise<readonly DeletedThing[]>

  recoveryPoint(id: RecoveryPointId): Promise<RecoveryPoint | undefined>
  recoveryPointNamed(project: ProjectPath, name: string): Promise<RecoveryPoint | undefined>
  recoveryPoints(query: RecoveryPointQuery, slice: Slice): Promise<readonly RecoveryPoint[]>
  diskImages(query: DiskImageQuery, slice: Slice): Promise<readonly DiskImage[]>

  initiator(id: InitiatorId): Promise<Credentialed | undefined>
  /** An initiator of this iSCSI name, in the project if one is named. */
  initiatorNamed(name: string, within?: ProjectPath): Promise<Initiator | undefined>
  initiators(query: Within, slice: Slice): Promise<readonly Initiator[]>
  /** Undefined when it never renewed. */
  lease(id: InitiatorId): Promise<LeaseRecord | undefined>

  attachments(query: AttachmentQuery, slice: Slice): Promise<readonly Attachment[]>
  countAttachments(id: InitiatorId): Promise<number>
  /** Of one disk, or all. */
  grants(diskId?: DiskId): Promise<readonly Grant[]>

  operation(id: OperationId): Promise<Operation | undefined>
  operations(query: OperationQuery, slice: Slice): Promise<readonly Operation[]>
}

export type Moved =
  | { readonly groupId: VolumeGroupId; readonly project?: never }
  | { readonly project: ProjectPath; readonly groupId?: never }

/** Exists only inside `transact`. */
export interface Transactor extends Reader, RecoveryWriter, PolicyWriter, JournalWriter {
  insertProject(project: Project): Promise<void>
  /** The project has changed: its generation grows. */
  touchProject(path: ProjectPath): Promise<void>
  /** With all that is in it, whose generations grow. */
  moveProject(id: ProjectId, path: ProjectPath): Promise<void>
  deleteProject(id: ProjectId): Promise<void>
  insertToken(token: Token & { readonly sha256: string }): Promise<void>
  deleteToken(id: TokenId): Promise<void>

  insertGroup(group: VolumeGroup): Promise<void>
  setLabels(id: VolumeGroupId, labels: VolumeGroup['labels']): Promise<void>
  /** The group has changed, or what is left of it: its generation grows. */
  touchGroup(id: VolumeGroupId): Promise<void>
  /** With all that is in it; its generation grows. */
  moveGroup(id: VolumeGroupId, project: ProjectPath): Promise<void>
  deleteGroup(id: VolumeGroupId): Promise<void>
  /** The next LUN that no disk of the group has, deleted or not; undefined when all are taken. Never the one given out last. */
  takeLun(id: VolumeGroupId): Promise<number | undefined>

  insertDisk(disk: ManifestDisk): Promise<void>
  resizeDisk(id: DiskId, sizeBytes: bigint): Promise<void>
  deleteDisk(id: DiskId): Promise<void>

  /** In the place of what is there under the same id. */
  putDeletedDisk(deleted: DeletedDisk): Promise<void>
  /** With the LUN that the group would have given out next, if it is there still. */
  putDeletedGroup(deleted: DeletedGroup): Promise<void>
  /** The group is there as it was, but for its name; policies that are gone are not set on it. */
  insertUndeleted(deleted: DeletedGroup): Promise<void>
  dropDeleted(id: DiskId | VolumeGroupId): Promise<void>

  insertRecoveryPoint(point: RecoveryPoint): Promise<void>
  updateRecoveryPoint(id: RecoveryPointId, terms: PointTerms): Promise<void>
  deleteRecoveryPoint(id: RecoveryPointId): Promise<void>

  insertInitiator(initiator: Credentialed): Promise<void>
  updateInitiator(
    id: InitiatorId,
    change: Pick<Initiator, 'name' | 'maxAttachments' | 'project'>,
  ): Promise<void>
  renewCredentials(id: InitiatorId, chap: Credentialed['chap']): Promise<void>
  deleteInitiator(id: InitiatorId): Promise<void>
  putLease(lease: LeaseRecord): Promise<void>

  insertAttachment(attachment: Omit<Attachment, 'targetName' | 'lun'>): Promise<void>
  deleteAttachments(diskId: DiskId, initiatorIds: readonly InitiatorId[]): Promise<void>
}

/** The element's only memory. Throws DATABASE_UNAVAILABLE when it can't be read or written. */
export interface Database extends Transactions<Transactor>, AsyncDisposable {
  readonly reader: Reader
  /** Makes a small change of its own, durable when it returns: by that the element has authority. */
  prove(answerWithinMs: number): Promise<void>
  /** Of the element that owns the database; made with it, never changed. */
  readonly elementId: string
}
