import { Compile } from 'typebox/compile'
import { type Problem, ProblemSchema } from '../../element/schemas/index.ts'
import {
  CATALOGUE,
  type EntityRef,
  type ErrorKind,
  type Reason,
  StorageError,
} from '../../volumegroups/index.ts'
import type { Answer } from './transport.ts'

/** The nearest reason for a kind whose own reason this side does not know: a newer element has more of them. */
const NEAREST = {
  invalid_request: 'INVALID_ARGUMENT',
  out_of_range: 'SIZE_OUT_OF_RANGE',
  invalid_token: 'PAGE_TOKEN_INVALID',
  unauthenticated: 'UNAUTHENTICATED',
  permission_denied: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  method_not_allowed: 'METHOD_NOT_ALLOWED',
  already_exists: 'NAME_TAKEN',
  in_use: 'DISK_ATTACHED',
  precondition_failed: 'DISKS_NOT_TOGETHER',
  identity_mismatch: 'IDENTITY_MISMATCH',
  busy: 'ENTITY_BUSY',
  no_space: 'NO_SPACE',
  limit_reached: 'LIMIT_REACHED',
  unsupported: 'UNSUPPORTED',
  unavailable: 'ENDPOINT_UNAVAILABLE',
  deadline_exceeded: 'DEADLINE_EXCEEDED',
  internal: 'INTERNAL',
} as const satisfies Record<ErrorKind, Reason>

const problems = Compile(ProblemSchema)

/** The element's refusal as the error that it was there. */
export function problemToError(answer: Answer): StorageError {
  const problem = parseProblem(answer.body)
  if (problem === undefined) return errorOfStatus(answer.status)
  const violations = problem.violations.map((violation) => ({
    ...violation,
    reason: isReason(violation.reason) ? violation.reason : ('INVALID_ARGUMENT' as const),
  }))
  const { step, fix } = problem
  const detail = isReason(problem.reason) ? problem.detail : `${problem.detail} (${problem.reason})`
  const entity = problem.entity as EntityRef | undefined
  return new StorageError(reasonOf(problem), detail, { entity, step, violations, fix })
}

function parseProblem(body: string): Problem | undefined {
  try {
    const found: unknown = JSON.parse(body)
    return problems.Check(found) ? found : undefined
  } catch {
    return undefined
  }
}

function reasonOf({ reason, kind }: Problem): Reason {
  if (isReason(reason)) return reason
  return Object.hasOwn(NEAREST, kind) ? NEAREST[kind as ErrorKind] : 'INTERNAL'
}

const isReason = (text: string): text is Reason => Object.hasOwn(CATALOGUE, text)

/** What answers without a problem body is no element, but something before it. */
function errorOfStatus(status: number): StorageError {
  const reasons: Readonly<Record<number, Reason>> = {
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'NOT_FOUND',
  }
  const reason = reasons[status] ?? 'ENDPOINT_UNAVAILABLE'
  return new StorageError(reason, `the endpoint answered with status ${status} and no problem body`)
}
