import type { DiskId, InitiatorId, InitiatorPlug, VolumeGroups } from '../volumegroups/index.ts'
import type { Machine } from './machine.ts'
import type { NodeRecords } from './records.ts'

/** What the node needs of a storage control plane. */
export type NodeEndpoint = Pick<
  VolumeGroups,
  'registerInitiator' | 'getDisk' | 'connection' | 'grant' | 'revoke' | 'status'
>

/** Who grants a disk to this node: the controller at ControllerPublish, or the node itself at NodeStage. */
export type AttachMode = 'controller' | 'node'

/** This node's lease, as whoever renews it tells. */
export interface NodeLease {
  /** Throws LEASE_HELD while another machine is this initiator; does nothing when that is not known. */
  check(): Promise<void>
  /** Renews it now: what this node holds. Undefined when the element did not answer. */
  holds(): Promise<readonly DiskId[] | undefined>
}

/** What the node's calls work with. */
export interface NodeParts {
  readonly groups: NodeEndpoint
  readonly initiator: InitiatorPlug
  readonly machine: Machine
  readonly records: NodeRecords
  readonly nodeId: InitiatorId
  readonly attach: AttachMode
  /** Left out: nobody renews one. */
  readonly lease?: NodeLease | undefined
}
