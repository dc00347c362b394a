import { status } from '@grpc/grpc-js'
import type { ErrorKind, StorageError } from '../volumegroups/index.ts'

/** A kind of error without a code does not compile. */
const CODES = {
  invalid_request: status.INVALID_ARGUMENT,
  out_of_range: status.OUT_OF_RANGE,
  invalid_token: status.ABORTED,
  unauthenticated: status.UNAUTHENTICATED,
  permission_denied: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  method_not_allowed: status.UNIMPLEMENTED,
  already_exists: status.ALREADY_EXISTS,
  in_use: status.FAILED_PRECONDITION,
  precondition_failed: status.FAILED_PRECONDITION,
  identity_mismatch: status.FAILED_PRECONDITION,
  busy: status.ABORTED,
  no_space: status.RESOURCE_EXHAUSTED,
  limit_reached: status.RESOURCE_EXHAUSTED,
  unsupported: status.UNIMPLEMENTED,
  unavailable: status.UNAVAILABLE,
  deadline_exceeded: status.DEADLINE_EXCEEDED,
  internal: status.INTERNAL,
} as const satisfies Record<ErrorKind, status>

/** It travels in an HTTP/2 header, which peers bound. */
const MAX_MESSAGE_CHARACTERS = 2000

export interface CallStatus {
  readonly code: status
  readonly details: string
}

/** The gRPC status of an error: `REASON: whose fault and what. What to do next.` */
export function statusOf(error: StorageError): CallStatus {
  const step = error.step === undefined ? '' : ` (step ${error.step})`
  const text = `${error.reason}: ${error.message}${step}. ${error.fix}`
  return { code: CODES[error.kind], details: text.slice(0, MAX_MESSAGE_CHARACTERS) }
}
