import type { ChapCredentials, Portal } from './types.ts'

/** One disk shown to one initiator: everything that a target needs, so that its state can always be made anew. */
export interface Export {
  readonly targetName: string
  readonly initiatorName: string
  readonly chap: ChapCredentials | undefined
  readonly lun: number
  readonly backingPath: string
  readonly serial: string
  readonly naa: string
  readonly readOnly: boolean
}

/** A LUN as the target itself tells of it; texts are empty where it is only half there. */
export type ServedLun = Pick<Export, 'lun' | 'backingPath' | 'serial' | 'readOnly'>

/** A target as it is, whoever made it so. */
export interface ServedTarget {
  readonly targetName: string
  /** Who is let in: initiator names, and whatever else the target goes by. */
  readonly admitted: readonly string[]
  /** The users that may prove themselves; none: nobody is asked to. */
  readonly users: readonly string[]
  readonly luns: readonly ServedLun[]
}

/** The Target plug. Its state is a projection of the database. */
export interface Target extends AsyncDisposable {
  /** Starts serving exactly these exports, keeping what serves already. */
  start(exports: readonly Export[]): Promise<void>
  portals(): readonly Portal[]
  /** Whether initiators are served now, as far as is known without asking. */
  isServing(): boolean
  /** Idempotent. When it returns, the initiator can log in and see the LUN. */
  grant(wanted: Export): Promise<void>
  /** Idempotent. When it returns, no further I/O of that initiator can reach the LUN. */
  revoke(targetName: string, lun: number): Promise<void>
  /**
   * Idempotent. When it returns, every write to the LUN that comes in is refused; reads go on. Granting the LUN again
   * ends that. OK when there is no such LUN.
   */
  protect(targetName: string, lun: number): Promise<void>
  /**
   * Closes what sessions there are with the target; from now on its initiator gets in with these credentials alone.
   * OK when there is no such target.
   */
  disconnect(targetName: string, chap: ChapCredentials | undefined): Promise<void>
  /**
   * Changes the size of one backing file, served under any number of exports, with no lost write and no error for
   * an initiator that reconnects: `change` runs while none of them is served, or all of them safely are.
   */
  resize(exports: readonly Export[], change: () => Promise<void>): Promise<void>
  /**
   * Idempotent; also before the start. When it returns, no I/O of any initiator lands until `resume`: initiators are
   * turned away in a way that lets them come back, and wait; nothing gets an error. Grants, revokes and resizes go on;
   * what is granted can be reached after `resume`. A new target object is not paused, whatever served before.
   */
  pause(): Promise<void>
  /** Idempotent. When it returns, initiators can log in again. */
  resume(): Promise<void>
  inventory(): Promise<readonly { readonly targetName: string; readonly luns: readonly number[] }[]>
  /** As `inventory`, with all that it takes to see what somebody else changed. Only reads. */
  inspect(): Promise<readonly ServedTarget[]>
  /**
   * Ends all sessions of one target, whoever's, and serves exactly these exports of it; of none nothing is left. For a
   * target that somebody else changed: nothing is taken for granted. If it throws, nobody is let in.
   */
  remake(targetName: string, exports: readonly Export[]): Promise<void>
}
