import type { DiskId, InitiatorId } from './ids.ts'
import type { CallOptions } from './ports.ts'

/** What an initiator says when it renews its lease. */
export interface LeaseRenewal {
  readonly initiatorId: InitiatorId
  /** Tells machines apart, and the lives of one: its boot id. */
  readonly instance: string
  /** The machine's name, for people. */
  readonly host: string
  /** The first MAX_REPORTED_DISKS that it serves. Left out: it can not tell. */
  readonly serves?: readonly DiskId[] | undefined
}

/** A disk and the grant by which an initiator holds it: a later grant of the same disk is another one. */
export interface HeldDisk {
  readonly diskId: DiskId
  readonly grantedAt: Date
}

/** What a renewal gets. The initiator counts the duration from when it sent the renewal. */
export interface Lease {
  readonly initiatorId: InitiatorId
  readonly durationMs: number
  readonly renewMs: number
  /** All that it holds now: what is not among them it has lost. */
  readonly holds: readonly HeldDisk[]
}

/** A renewal as it is remembered. */
export interface LeaseRecord extends Omit<LeaseRenewal, 'serves'> {
  readonly renewedAt: Date
}

/** The part of the domain port by which initiators are known to be alive. */
export interface Leases {
  /** LEASE_HELD while another machine's lease for the same initiator lives. */
  renewLease(renewal: LeaseRenewal, call?: CallOptions): Promise<Lease>
}
