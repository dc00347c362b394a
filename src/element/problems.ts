import { asStorageError, CATALOGUE, type ErrorKind, StorageError } from '../volumegroups/index.ts'
import type { Problem } from './schemas/index.ts'

/** Adding an error kind without choosing its status does not compile. */
export const HTTP_STATUS = {
  invalid_request: 400,
  out_of_range: 400,
  invalid_token: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  already_exists: 409,
  in_use: 409,
  precondition_failed: 409,
  identity_mismatch: 409,
  limit_reached: 409,
  busy: 429,
  internal: 500,
  unsupported: 501,
  unavailable: 503,
  deadline_exceeded: 504,
  no_space: 507,
} as const satisfies Record<ErrorKind, number>

/** Whether the same request can succeed later as it is. */
export const isRetryable = (kind: ErrorKind): boolean => RETRYABLE.includes(kind)

const RETRYABLE: readonly ErrorKind[] = ['busy', 'unavailable', 'deadline_exceeded', 'no_space']

/** The RFC 9457 body of an error. Nothing of its cause is in it. */
export function toProblem(error: StorageError, requestId: string): Problem {
  const { reason, kind, entity, step, violations, fix } = error
  return {
    type: `urn:mooring:reason:${reason}`,
    title: CATALOGUE[reason].meaning,
    status: HTTP_STATUS[kind],
    detail: error.message,
    instance: `urn:uuid:${requestId}`,
    reason,
    kind,
    ...(entity && { entity }),
    ...(step !== undefined && { step }),
    violations: [...violations],
    fix,
    retryable: isRetryable(kind),
  }
}

/** Whatever was thrown while a request was served. What the HTTP layer refuses is the caller's fault. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError || !isRefusal(error)) return asStorageError(error)
  return new StorageError('INVALID_ARGUMENT', `the request can not be read: ${error.message}`, {
    cause: error,
  })
}

function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  return String(code).startsWith('FST_') && typeof statusCode === 'number' && statusCode < 500
}
