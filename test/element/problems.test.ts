import { expect, test } from 'vitest'
import { HTTP_STATUS, toProblem, toStorageError } from '../../src/element/problems.ts'
import { CATALOGUE, StorageError } from '../../src/volumegroups/index.ts'

test('a problem says everything that the caller needs, and nothing of the cause', () => {
  const violations = [{ field: 'name', reason: 'INVALID_ARGUMENT', message: 'name is empty' }] as const
  const error = new StorageError('DISK_ATTACHED', 'disk-1 is attached to n1', {
    entity: { kind: 'disk', id: 'disk-1' },
    step: 'deleteDisk',
    violations,
    fix: 'Detach it from n1.',
    cause: new Error('/var/lib/secret'),
  })
  expect(toProblem(error, 'r-1')).toEqual({
    type: 'urn:mooring:reason:DISK_ATTACHED',
    title: CATALOGUE.DISK_ATTACHED.meaning,
    status: 409,
    detail: 'disk-1 is attached to n1',
    instance: 'urn:uuid:r-1',
    reason: 'DISK_ATTACHED',
    kind: 'in_use',
    entity: { kind: 'disk', id: 'disk-1' },
    step: 'deleteDisk',
    violations,
    fix: 'Detach it from n1.',
    retryable: false,
  })
})

test('what can go away by itself is retryable', () => {
  const retryable = Object.keys(CATALOGUE).filter((reason) => {
    return toProblem(new StorageError(reason as keyof typeof CATALOGUE, 'x'), 'r').retryable
  })
  expect(retryable).toEqual(expect.arrayContaining(['ENTITY_BUSY', 'NOT_READY', 'DEADLINE_EXCEEDED']))
  expect(retryable).not.toContain('NAME_TAKEN')
  expect(retryable).not.toContain('INTERNAL')
})

test('only a defect is a status 500', () => {
  const kinds = Object.entries(HTTP_STATUS).filter(([, status]) => status === 500)
  expect(kinds).toEqual([['internal', 500]])
})

test('an unforeseen error keeps its text to itself', () => {
  const error = new TypeError('x is undefined')
  expect(toStorageError(error)).toMatchObject({ reason: 'INTERNAL', message: 'internal error', cause: error })
})

test("what the HTTP layer refuses is the caller's fault", () => {
  const error = Object.assign(new Error('Body is not valid JSON'), { code: 'FST_ERR_X', statusCode: 400 })
  expect(toStorageError(error)).toMatchObject({ reason: 'INVALID_ARGUMENT' })
  expect(toStorageError(Object.assign(error, { statusCode: 500 }))).toMatchObject({ reason: 'INTERNAL' })
})
