import { expect, test } from 'vitest'
import { statusOf } from '../../src/rpc/status.ts'
import { CATALOGUE, type ErrorKind, type Reason, StorageError } from '../../src/volumegroups/index.ts'

/** CSI's codes, from its error tables. */
const WANTED: Record<ErrorKind, number> = {
  invalid_request: 3,
  out_of_range: 11,
  invalid_token: 10,
  unauthenticated: 16,
  permission_denied: 7,
  not_found: 5,
  method_not_allowed: 12,
  already_exists: 6,
  in_use: 9,
  precondition_failed: 9,
  identity_mismatch: 9,
  busy: 10,
  no_space: 8,
  limit_reached: 8,
  unsupported: 12,
  unavailable: 14,
  deadline_exceeded: 4,
  internal: 13,
}

test.each(Object.keys(CATALOGUE) as Reason[])(
  '%s has its code, and a message with reason and advice',
  (reason) => {
    const { code, details } = statusOf(new StorageError(reason, 'disk a is at fault'))
    expect(code).toBe(WANTED[CATALOGUE[reason].kind])
    expect(details).toBe(`${reason}: disk a is at fault. ${CATALOGUE[reason].fix}`)
  },
)

test('the step, and better advice, are told', () => {
  const error = new StorageError('NO_SPACE', '5 bytes are needed', { step: 'allocate', fix: 'Buy a disk.' })
  expect(statusOf(error).details).toBe('NO_SPACE: 5 bytes are needed (step allocate). Buy a disk.')
})

test('nothing of the inner error is told, and the message is bounded', () => {
  const cause = new Error('/dev/secret')
  expect(statusOf(new StorageError('INTERNAL', 'internal error', { cause })).details).not.toContain('secret')
  expect(statusOf(new StorageError('INTERNAL', 'x'.repeat(100_000))).details).toHaveLength(2000)
})
