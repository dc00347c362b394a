import type { Sense } from './sense.ts'

/** Everything that can go wrong, once for the whole library. */
export type IscsiErrorCode =
  /** The TCP connection could not be made. */
  | 'connect_failed'
  /** The connection ended without being asked to. */
  | 'connection_lost'
  /** The peer did not answer in time. */
  | 'timed_out'
  /** The peer broke the protocol. */
  | 'protocol_error'
  /** The peer sent more than it may. */
  | 'limit_exceeded'
  /** A header or data digest was wrong. */
  | 'digest_error'
  /** The target answered with a Reject PDU. */
  | 'rejected'
  /** Login status 0201, or a target that did not prove its own identity. */
  | 'auth_failed'
  /** Login status 0202: this initiator has no right to the target. */
  | 'not_authorized'
  /** Login status 0203 or 0204: no such target, or masked from this initiator. */
  | 'target_not_found'
  /** Login status 02xx, other. */
  | 'login_refused'
  /** Login status 03xx: the target can not serve now. */
  | 'target_busy'
  | 'too_many_redirects'
  /** The target asked for the session to end. */
  | 'session_ended'
  /** The target confirmed that the command was aborted. */
  | 'command_aborted'
  /** The target's own failure to carry out a command (SCSI Response code other than 0). */
  | 'target_failure'
  /** A SCSI status other than GOOD that no retry cures; `status` and `sense` say which. */
  | 'scsi_error'
  | 'reservation_conflict'
  | 'write_protected'
  | 'lun_gone'
  /** The device is not the one expected. Final. */
  | 'identity_mismatch'
  | 'queue_full'
  | 'invalid_argument'
  | 'closed'

export interface IscsiErrorDetail {
  readonly cause?: unknown
  /** Login status, class in the high byte. */
  readonly loginStatus?: number | undefined
  /** SCSI status. */
  readonly status?: number | undefined
  readonly sense?: Sense | undefined
}

/** The only error this library throws for what a peer or the network does. */
export class IscsiError extends Error {
  override readonly name = 'IscsiError'
  readonly code: IscsiErrorCode
  readonly loginStatus: number | undefined
  readonly status: number | undefined
  readonly sense: Sense | undefined

  constructor(code: IscsiErrorCode, message: string, detail: IscsiErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.code = code
    this.loginStatus = detail.loginStatus
    this.status = detail.status
    this.sense = detail.sense
  }
}

export const protocolError = (message: string): IscsiError => new IscsiError('protocol_error', message)
