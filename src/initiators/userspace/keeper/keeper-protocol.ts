import type { DiskId } from '../../../volumegroups/index.ts'
import {
  fieldsOf,
  parseDiskId,
  parseVolumeSpec,
  type SessionState,
  textOf,
  type VolumeSpec,
} from '../volume-spec.ts'
import type { Failure } from '../worker/worker-protocol.ts'
import type { LeaseState } from './lease-renewer.ts'

/** The keeper's control protocol: lines of JSON over a unix socket. */

/** A line is never longer, in either direction. */
export const MAX_LINE_BYTES = 256 * 1024

export type KeeperRequest =
  | { readonly op: 'attach'; readonly volume: VolumeSpec }
  | { readonly op: 'detach' | 'refreshSize'; readonly diskId: DiskId }
  /** All I/O of the disk fails from now on: it is not this node's any more, or its target will not come back. */
  | { readonly op: 'abandon'; readonly diskId: DiskId; readonly why: string }
  /** `renew`: new processes in the place of all workers, as after an upgrade; disks pause for a moment. */
  | { readonly op: 'list' | 'status' | 'renew' }
  /** How the lease of this node stands; with `renew` it is renewed first. */
  | { readonly op: 'lease'; readonly renew: boolean }
  /** Refused while disks are served, unless forced. */
  | { readonly op: 'stop'; readonly force: boolean }

/** A disk that the keeper serves as a file. */
export interface ServedDisk {
  readonly diskId: DiskId
  readonly file: string
  readonly sizeBytes: number
  readonly readOnly: boolean
  readonly session: SessionState
}

export interface KeeperStatus {
  readonly pid: number
  /** False on kernels before 6.9: there a crash of a worker is not survived under load. */
  readonly survivesCrashes: boolean
  readonly workers: readonly {
    readonly pid: number
    readonly disks: number
    readonly freeSlots: number
    readonly restarts: number
  }[]
}

/** `none`: this keeper was started without an element to renew a lease with. */
export type LeaseAnswer =
  | { readonly state: 'none' }
  | (LeaseState & {
      /** The element answered now; else `holds` may be older than what was asked for. */
      readonly isFresh: boolean
    })

export interface KeeperResults {
  readonly attach: ServedDisk
  readonly detach: null
  readonly refreshSize: ServedDisk
  readonly list: readonly ServedDisk[]
  readonly status: KeeperStatus
  readonly lease: LeaseAnswer
  readonly abandon: null
  readonly renew: null
  readonly stop: null
}

export type KeeperResponse =
  | { readonly id: number; readonly result: KeeperResults[keyof KeeperResults] }
  | { readonly id: number; readonly failure: Failure }

/** One line as a numbered request. Throws a TypeError or SyntaxError that holds no value of the request. */
export function parseRequest(line: string): { readonly id: number; readonly request: KeeperRequest } {
  const field = fieldsOf(parseJson(line), 'request')
  if (!Number.isSafeInteger(field.id)) throw new TypeError('id is not a number')
  return { id: field.id as number, request: parseBody(field) }
}

function parseBody(field: Readonly<Record<string, unknown>>): KeeperRequest {
  switch (field.op) {
    case 'attach':
      return { op: 'attach', volume: parseVolumeSpec(field.volume) }
    case 'detach':
    case 'refreshSize':
      return { op: field.op, diskId: parseDiskId(field.diskId) }
    case 'abandon':
      return { op: 'abandon', diskId: parseDiskId(field.diskId), why: textOf(field.why, 'why') }
    case 'list':
    case 'status':
    case 'renew':
      return { op: field.op }
    case 'lease':
      return { op: 'lease', renew: field.renew === true }
    case 'stop':
      return { op: 'stop', force: field.force === true }
    default:
      throw new TypeError('op is not one that this keeper knows')
  }
}

/** The parser's own message would quote the line, and with it a secret. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new SyntaxError('the line is not JSON')
  }
}
