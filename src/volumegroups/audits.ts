import type { DiskId, InitiatorId } from './ids.ts'
import type { CallOptions } from './ports.ts'

/** What can differ between database, store, target, nodes and the cluster. docs/decisions/0025 says what is done. */
export const DRIFT_KINDS = [
  ...['accessChanged', 'targetMissing', 'targetUnknown', 'lunMissing', 'lunUnknown', 'lunChanged'],
  ...['dataMissing', 'dataFound', 'dataUnknown', 'dataShort', 'dataNewer', 'diskUnknown'],
  ...['pointMissing', 'pointUnknown', 'manifestWrong', 'nodeHolds', 'nodeLacks'],
  ...['volumeUnknown', 'volumeUnclaimed', 'attachmentUnknown', 'attachmentMissing'],
] as const

export type DriftKind = (typeof DRIFT_KINDS)[number]

/** What a sweep does about it. `quarantined`: it is not served, and nothing of it is deleted. */
export const DRIFT_ACTIONS = ['repaired', 'quarantined', 'reported'] as const
export type DriftAction = (typeof DRIFT_ACTIONS)[number]

/** One thing that is not as it should be. */
export interface Finding {
  readonly kind: DriftKind
  /** What it is about: first the thing itself. */
  readonly entities: readonly string[]
  readonly found: string
  readonly wanted: string
  readonly action: DriftAction
  /** Why it could not be done. The next sweep tries again. */
  readonly failure?: { readonly reason: string; readonly message: string } | undefined
}

/** What a sweep found, and did. */
export interface Sweep {
  readonly at: Date
  readonly durationMs: number
  /** The first MAX_FINDINGS of them. */
  readonly findings: readonly Finding[]
  readonly count: number
}

/** What differs now, with nothing done about it: `action` says what the next sweep does. */
export interface Audit extends Sweep {
  /** The last sweeps that found anything, newest first; no more than MAX_SWEEPS. */
  readonly sweeps: readonly Sweep[]
}

/** The part of the domain port that tells what differs. For callers of the root project alone. */
export interface Audits {
  audit(call?: CallOptions): Promise<Audit>
}

/** What the cluster that uses the disks believes. */
export interface ClusterBeliefs {
  /** Its persistent volumes of this driver, by their volume handles. */
  readonly volumes: readonly { readonly name: string; readonly diskId: DiskId }[]
  /** Those of its attachments of these volumes that say that they are attached. */
  readonly attachments: readonly {
    readonly name: string
    readonly diskId: DiskId
    readonly initiatorId: InitiatorId
  }[]
}

/** Reads what a cluster believes. Only reads; bounded. */
export interface Cluster {
  beliefs(signal: AbortSignal): Promise<ClusterBeliefs>
}
