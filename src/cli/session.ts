import type { CallOptions, VolumeGroups } from '../volumegroups/index.ts'
import type { Terminal } from './terminal.ts'

/** What a verb works with. */
export interface Session {
  readonly groups: VolumeGroups
  readonly terminal: Terminal
  /** For every call that the verb makes. */
  readonly call: CallOptions
  /** JSON for a program, or text for a person. */
  readonly json: boolean
  /** Bytes to the last one, and moments instead of ages. */
  readonly exact: boolean
}
