import type { DiskId } from '../../../volumegroups/index.ts'
import { fieldsOf, parseDiskId, parseVolumeSpec, type SessionState, type VolumeSpec } from '../volume-spec.ts'
import type { Failure } from '../worker/worker-protocol.ts'

/** The keeper's control protocol: lines of JSON over a unix socket. */

/** A line is never longer, in either direction. */
export const MAX_LINE_BYTES = 256 * 1024

export type KeeperRequest =
  | { readonly op: 'attach'; readonly volume: VolumeSpec }
  /** `abandon`: all I/O of the disk fails from now on, for a target that will not come back. */
  | { readonly op: 'detach' | 'refreshSize' | 'abandon'; readonly diskId: DiskId }
  /** `renew`: new processes in the place of all workers, as after an upgrade; disks pause for a moment. */
  | { readonly op: 'list' | 'status' | 'renew' }
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

export interface KeeperResults {
  readonly attach: ServedDisk
  readonly detach: null
  readonly refreshSize: ServedDisk
  readonly list: readonly ServedDisk[]
  readonly status: KeeperStatus
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
    case 'abandon':
      return { op: field.op, diskId: parseDiskId(field.diskId) }
    case 'list':
    case 'status':
    case 'renew':
      return { op: field.op }
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
