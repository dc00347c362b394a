import type { SessionState, VolumeSpec } from '../volume-spec.ts'

/** A disk whose file is mounted. */
export interface MountedVolume {
  readonly slot: number
  readonly file: string
  /** Newer credentials replace older ones: the next worker logs in with them. */
  spec: VolumeSpec
  sizeBytes: number
  session: SessionState
  /** It is not this node's any more. */
  isAbandoned: boolean
  /** Settles when the present worker serves it. */
  ready: Promise<void>
}
