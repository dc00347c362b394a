import type { GroupChanges } from './group-changes.ts'
import type {
  DiskId,
  InitiatorId,
  OperationId,
  ProjectId,
  RecoveryPointId,
  TokenId,
  VolumeGroupId,
} from './ids.ts'
import type { LeaseTerms } from './rules/leases.ts'

/** A project's path, such as `/` or `/team-a/db`. */
export type ProjectPath = string

/** A folder of volume groups and projects. Rights and policies are inherited down the tree. */
export interface Project {
  readonly id: ProjectId
  /** From the root `/`, which is a project too; the last name is the project's own, unique beside its siblings. */
  readonly path: ProjectPath
  readonly generation: number
  readonly createdAt: Date
}

export interface VolumeGroup {
  readonly id: VolumeGroupId
  /** Unique within its project. */
  readonly name: string
  readonly project: ProjectPath
  /** Made for one volume that named no group: it goes with its last disk and recovery point. */
  readonly implicit: boolean
  /** Grows at each change of the group or of what it holds. */
  readonly generation: number
  /** Grows at each change of who may write the group. */
  readonly epoch: number
  /** Since when the store does not have it. Left out: it has. */
  readonly dataMissingSince?: Date | undefined
  /** For people and programs; the element does nothing with them, and no policy follows from them. */
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: Date
}

export type DiskSource =
  | { readonly kind: 'disk'; readonly diskId: DiskId }
  | { readonly kind: 'recoveryPoint'; readonly recoveryPointId: RecoveryPointId; readonly diskId: DiskId }

export interface Disk {
  readonly id: DiskId
  readonly groupId: VolumeGroupId
  /** Unique within the project of its group. */
  readonly name: string
  /** A multiple of SIZE_UNIT_BYTES. */
  readonly sizeBytes: bigint
  /** Never used again in the group for another disk. 1 to 16383. */
  readonly lun: number
  /** What the maker wanted remembered with the disk: for CSI, its volume_context. Opaque here. */
  readonly attributes: Readonly<Record<string, string>>
  readonly source: DiskSource | undefined
  /** What its maker asked of its group with it: a repeated request asks for the same. The group may differ by now. */
  readonly groupChanges?: GroupChanges | undefined
  readonly generation: number
  readonly createdAt: Date
  /** Since when the store does not have it: it is not served. Left out: it has. */
  readonly dataMissingSince?: Date | undefined
  /** The initiators that it is attached to now. */
  readonly attachedTo: readonly InitiatorId[]
}

export interface RecoveryPointDisk {
  readonly diskId: DiskId
  readonly sizeBytes: bigint
}

/** Who wanted it: a policy's schedule, a person or program, or Kubernetes. */
export type PointReason = 'schedule' | 'user' | 'csi'

/** What of a recovery point can change. */
export interface PointTerms {
  /** When it is deleted by itself. Left out: by retention if a schedule made it, else never. */
  readonly expiresAt: Date | undefined
  /** Until then nothing deletes it. */
  readonly lockedUntil: Date | undefined
  /** For people and programs; the element does nothing with them. */
  readonly labels: Readonly<Record<string, string>>
}

/** An atomic, read-only image of disks of one volume group at one instant. It outlives its disks. */
export interface RecoveryPoint extends PointTerms {
  readonly id: RecoveryPointId
  readonly groupId: VolumeGroupId
  /** Unique within the project of its group. */
  readonly name: string
  /** Made as a group snapshot: its disks' images are deleted together or not at all. */
  readonly grouped: boolean
  readonly disks: readonly RecoveryPointDisk[]
  readonly reason: PointReason
  /** Of its terms; what it holds never changes. */
  readonly generation: number
  readonly createdAt: Date
}

/** One disk's image in a recovery point: what CSI calls a snapshot. */
export interface DiskImage extends RecoveryPointDisk {
  readonly recoveryPointId: RecoveryPointId
  readonly grouped: boolean
  readonly createdAt: Date
}

export interface Initiator {
  readonly id: InitiatorId
  /** Its iSCSI name (RFC 7143 §4.2.7); unique. */
  readonly name: string
  /** It holds disks of this project, and of those in it, only. */
  readonly project: ProjectPath
  /** How many disks can be attached to it at once; 0 = no limit of its own. */
  readonly maxAttachments: number
  readonly registeredAt: Date
}

export interface Attachment {
  readonly diskId: DiskId
  readonly initiatorId: InitiatorId
  readonly readOnly: boolean
  /** May be attached to other initiators at the same time. */
  readonly shared: boolean
  readonly targetName: string
  readonly lun: number
  readonly grantedAt: Date
}

export interface Portal {
  readonly address: string
  readonly port: number
  /** Target portal group tag (RFC 7143 §4.1.1). */
  readonly groupTag: number
}

/** CHAP secrets (RFC 7143 §12.1.3): 12 bytes or more, and the two differ. Never logged. */
export interface ChapCredentials {
  readonly user: string
  readonly secret: string
  readonly mutual?: { readonly user: string; readonly secret: string } | undefined
}

/** All that an initiator needs to attach a disk that was granted to it. Holds secrets: never logged or stored. */
export interface Connection {
  readonly diskId: DiskId
  readonly initiatorName: string
  readonly targetName: string
  readonly portals: readonly Portal[]
  readonly lun: number
  readonly serial: string
  readonly naa: string
  readonly sizeBytes: bigint
  readonly readOnly: boolean
  /** Other initiators may write it too: a LUN reset would abort what they have under way. */
  readonly shared: boolean
  /** Which grant it belongs to: a device that was attached under an earlier one is not to be used any more. */
  readonly grantedAt: Date
  readonly chap: ChapCredentials | undefined
}

export interface Capacity {
  readonly totalBytes: bigint
  readonly availableBytes: bigint
  /** The largest disk that can be made now. */
  readonly maximumDiskBytes: bigint
}

/**
 * `warning`: above the mark for it. `stopped`: no disk is made or grown until there is space again. `paused`: next to
 * nothing is left, so that initiators wait for space too.
 */
export type PoolState = 'ok' | 'warning' | 'stopped' | 'paused'

/** What is left counts what may still be promised, not only what is free. */
export interface PoolCapacity extends Capacity {
  /** What no disk can be written to any more: all that is held, and what the store keeps for itself. */
  readonly usedBytes: bigint
  /** The sizes of all disks together. */
  readonly promisedBytes: bigint
  readonly state: PoolState
}

/** Whether the element may act: by its database, which it has to be able to write. */
export interface AuthorityStatus {
  /** What becomes of what is granted when the authority is lost: see the configuration. */
  readonly mode: 'bounded' | 'available'
  /** `lost`: nothing is changed or granted. */
  readonly state: 'held' | 'lost'
  readonly since: Date
  /** Why it is lost. */
  readonly why?: string | undefined
  /** Nothing is served any more so long after the authority was last proven. Left out: what is granted is served on. */
  readonly boundMs?: number | undefined
  /** Whether initiators are served now. */
  readonly serving: boolean
}

export interface ElementStatus {
  /** The element's UUID; it never changes. */
  readonly elementId: string
  readonly name: string
  /** Who can reach whom: one site, one storage network. */
  readonly site: string
  readonly version: string
  readonly state: 'starting' | 'ready' | 'stopping'
  readonly startedAt: Date
  readonly lease: LeaseTerms
  readonly authority: AuthorityStatus
}

/** What a token allows; `access.ts` of the API says which role may make which call. */
export type Role = 'viewer' | 'node' | 'provisioner' | 'operator' | 'admin'

/** A right to call, without the secret that proves it. */
export interface Token {
  readonly id: TokenId
  readonly role: Role
  /** What is outside this project does not exist for the token. */
  readonly project: ProjectPath
  /** For the role `node`: the one initiator that the token speaks for. */
  readonly initiatorId: InitiatorId | undefined
  /** For people: whose it is. */
  readonly label: string
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

export type OperationState = 'running' | 'undoing' | 'done' | 'failed' | 'faulted'

/** One imperative call, journaled. `failed` left nothing behind; `faulted` could not be undone and needs a look. */
export interface Operation {
  readonly id: OperationId
  readonly kind: string
  readonly state: OperationState
  readonly step: string | undefined
  /** The ids of what it works on. */
  readonly entities: readonly string[]
  readonly error: { readonly reason: string; readonly message: string } | undefined
  readonly startedAt: Date
  readonly endedAt: Date | undefined
}

export interface PageQuery {
  /** 1 to MAX_PAGE; left out = MAX_PAGE. */
  readonly limit?: number | undefined
  readonly token?: string | undefined
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Left out on the last page. */
  readonly nextToken: string | undefined
}
