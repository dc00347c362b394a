import { CATALOGUE, type Reason, StorageError } from '../../../volumegroups/index.ts'
import type { SessionState, VolumeSpec } from '../volume-spec.ts'

/** What keeper and worker say to each other over the worker's IPC channel. Both come from one build. */

/** Reads of one volume that wait in the kernel: the second is taken up while the first is being answered. */
export const READERS_PER_VOLUME = 2
/** The worker's first inherited /dev/fuse descriptor: that of slot 0. */
export const FIRST_SLOT_FD = 3

/**
 * Each waiting read occupies a thread of the libuv pool; with none left, nothing else that needs one (name
 * resolution, file I/O) would ever run.
 */
export const threadsFor = (slots: number): number => slots * READERS_PER_VOLUME + 8

export type WorkerRequest =
  /** Opens the disk. With `resume` until it succeeds, for a file that is mounted already and had `sizeBytes`. */
  | {
      readonly op: 'open'
      readonly slot: number
      readonly volume: VolumeSpec
      readonly resume?: { readonly sizeBytes: number } | undefined
    }
  /** Serves the file that is mounted on the slot. With `resume`, what an earlier worker left is answered too. */
  | { readonly op: 'start'; readonly slot: number; readonly resume: boolean }
  | { readonly op: 'refreshSize' | 'flush' | 'close'; readonly slot: number }
  /** The credentials of now, for the logins to come. */
  | { readonly op: 'renew'; readonly slot: number; readonly volume: VolumeSpec }
  /** The disk is not this node's any more: nothing reaches it again, and no login is tried. */
  | { readonly op: 'abandon'; readonly slot: number; readonly why: string }
  /** Answers what was taken and takes nothing more, since another worker is about to serve the mounted file. */
  | { readonly op: 'drain'; readonly slot: number; readonly file: string }

export interface WorkerCall {
  readonly id: number
  readonly request: WorkerRequest
}

export type WorkerMessage =
  | { readonly kind: 'done'; readonly id: number; readonly sizeBytes: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'state'; readonly slot: number; readonly session: SessionState }
  | { readonly kind: 'ioError'; readonly slot: number; readonly detail: string }

/** A StorageError on its way to another process. */
export interface Failure {
  readonly reason: Reason
  readonly message: string
}

export function failureOf(error: unknown): Failure {
  if (error instanceof StorageError) return { reason: error.reason, message: error.message }
  return { reason: 'INTERNAL', message: `internal error: ${error instanceof Error ? error.message : error}` }
}

export function errorOf(failure: Failure): StorageError {
  const reason = Object.hasOwn(CATALOGUE, failure.reason) ? failure.reason : 'INTERNAL'
  return new StorageError(reason, failure.message)
}
