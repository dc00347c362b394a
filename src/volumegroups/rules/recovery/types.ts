import type { StoredThing } from '../../contents.ts'
import type { DeletedDisk, Deletion } from '../../deletions.ts'
import type { DiskId, OperationId, ProjectId, RecoveryPointId, VolumeGroupId } from '../../ids.ts'
import type { Manifest, ManifestDisk, StoredGroup, StoredPoint } from '../../manifest.ts'
import type { Policy, PolicyAssignment } from '../../policies/types.ts'
import type { Project, RecoveryPoint } from '../../types.ts'

/** What became of a group's manifest. `foreign`: it is whole, and another element wrote it. */
export type FoundManifest =
  | { readonly kind: 'whole'; readonly manifest: Manifest }
  | { readonly kind: 'foreign'; readonly elementId: string }
  | { readonly kind: 'damaged' | 'none' }

/** What the store holds of a group. */
export interface FoundGroup extends StoredGroup {
  readonly manifest: FoundManifest
  /** Those of its recovery points that neither the database nor the manifest knows. */
  readonly unknownPoints: readonly StoredPoint[]
}

/** What the database says of a group: what its manifest should say, and what the store did not have before. */
export interface GroupRow {
  readonly manifest: Manifest
  readonly isMissing: boolean
  readonly missingDisks: ReadonlySet<DiskId>
}

/** What operations that have not ended yet work on. */
export interface OpenOperation {
  readonly id: OperationId
  readonly entities: readonly string[]
  /** It had not come to its commit, and was not being undone. */
  readonly isMaking: boolean
}

/** Both sides, as read. */
export interface Facts {
  readonly rows: readonly GroupRow[]
  readonly projects: readonly Project[]
  readonly policies: readonly Policy[]
  readonly found: readonly FoundGroup[]
  readonly open: readonly OpenOperation[]
}

/** Where a project belongs. */
export interface PlacedProject extends Project {
  readonly parentId: ProjectId | undefined
}

export type AdoptedSetting = Pick<PolicyAssignment, 'kind' | 'policyId' | 'setAt'>

/** A group as it is adopted: its project by id, whatever its path was or will be. */
export type AdoptedGroup = Omit<Manifest['group'], 'project'> & { readonly projectId: ProjectId }

/**
 * One row of the table of what to do where database and data differ; docs/decisions/0015 shows all of it. None of
 * them deletes data.
 */
export type Decision =
  /** Nobody has a row, the manifest is valid. */
  | { readonly kind: 'adoptGroup'; readonly group: AdoptedGroup }
  | { readonly kind: 'adoptDisk'; readonly disk: ManifestDisk; readonly isMissing: boolean }
  | { readonly kind: 'adoptPoint'; readonly point: RecoveryPoint }
  /** The data are newer than the row. */
  | { readonly kind: 'updateGroup'; readonly group: AdoptedGroup }
  | { readonly kind: 'updateDisk'; readonly disk: ManifestDisk }
  | { readonly kind: 'updatePoint'; readonly point: RecoveryPoint }
  | { readonly kind: 'dropDisk'; readonly groupId: VolumeGroupId; readonly diskId: DiskId }
  | { readonly kind: 'placeProject'; readonly project: PlacedProject; readonly isNew: boolean }
  | { readonly kind: 'adoptPolicy'; readonly policy: Policy; readonly projectId: ProjectId }
  | {
      readonly kind: 'adoptSettings'
      readonly on: ProjectId | VolumeGroupId
      readonly settings: readonly AdoptedSetting[]
    }
  | { readonly kind: 'finishOperation'; readonly operationId: OperationId }
  /** The row is newer than the data. */
  | { readonly kind: 'writeManifest'; readonly groupId: VolumeGroupId; readonly why: ManifestFault }
  | {
      readonly kind: 'extendDisk'
      readonly groupId: VolumeGroupId
      readonly diskId: DiskId
      readonly sizeBytes: bigint
    }
  | { readonly kind: 'dropPoint'; readonly groupId: VolumeGroupId; readonly recoveryPointId: RecoveryPointId }
  /** The row has no data. */
  | { readonly kind: 'groupMissing'; readonly groupId: VolumeGroupId }
  | { readonly kind: 'diskMissing'; readonly groupId: VolumeGroupId; readonly diskId: DiskId }
  | { readonly kind: 'remakeGroup'; readonly groupId: VolumeGroupId }
  | {
      readonly kind: 'restoreDisk'
      readonly groupId: VolumeGroupId
      readonly diskId: DiskId
      readonly sizeBytes: bigint
      readonly from: RecoveryPointId
    }
  /** It was deleted and can be had again: the manifest knows of that, and the row does not. */
  | { readonly kind: 'deleteDisk'; readonly deleted: DeletedDisk }
  | {
      readonly kind: 'deleteGroup'
      readonly group: AdoptedGroup
      readonly deletion: Deletion
      readonly settings: readonly AdoptedSetting[]
    }
  /** It was undeleted, and the row is older. */
  | { readonly kind: 'undeleteDisk'; readonly disk: ManifestDisk; readonly isMissing: boolean }
  | { readonly kind: 'undeleteGroup'; readonly group: AdoptedGroup }
  /** It was deleted, and is gone for good. */
  | { readonly kind: 'dropDeleted'; readonly groupId: VolumeGroupId; readonly diskId: DiskId }
  /** They are back. */
  | { readonly kind: 'groupFound'; readonly groupId: VolumeGroupId }
  | { readonly kind: 'diskFound'; readonly groupId: VolumeGroupId; readonly diskId: DiskId }
  /** Nobody has a row, and nothing that can be believed says what it is. */
  | { readonly kind: 'quarantine'; readonly thing: StoredThing; readonly why: QuarantineCause }

export type ManifestFault = 'older' | 'damaged' | 'none' | 'foreign' | 'differs'
export type QuarantineCause = 'damaged' | 'none' | 'foreign' | 'stray'
export type DecisionKind = Decision['kind']
