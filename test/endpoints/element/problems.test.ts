import { expect, test } from 'vitest'
import { toProblem } from '../../../src/element/problems.ts'
import { problemToError } from '../../../src/endpoints/element/problems.ts'
import { CATALOGUE, type Reason, StorageError } from '../../../src/volumegroups/index.ts'

const answerOf = (problem: object, status = 400) => ({ status, body: JSON.stringify(problem) })
const sample = toProblem(new StorageError('NAME_TAKEN', 'a differs'), 'r-1')

test.each(Object.keys(CATALOGUE) as Reason[])('%s comes through whole', (reason) => {
  const error = new StorageError(reason, 'what was at fault', {
    entity: { kind: 'disk', id: 'disk-1' },
    step: 'allocate',
    violations: [{ field: 'name', reason, message: 'name is wrong' }],
    fix: 'do this',
  })
  const problem = toProblem(error, 'r-1')
  expect(problemToError(answerOf(problem, problem.status))).toEqual(error)
})

test('an unknown reason becomes the nearest one of its kind', () => {
  const error = problemToError(answerOf({ ...sample, reason: 'FROM_THE_FUTURE', kind: 'busy' }))
  expect(error).toMatchObject({ kind: 'busy', message: 'a differs (FROM_THE_FUTURE)' })
  const violations = [{ field: 'a', reason: 'FROM_THE_FUTURE', message: 'b' }]
  expect(problemToError(answerOf({ ...sample, violations })).violations[0]?.reason).toBe('INVALID_ARGUMENT')
  expect(problemToError(answerOf({ ...sample, reason: 'toString', kind: 'toString' })).kind).toBe('internal')
})

test.each([
  [401, 'UNAUTHENTICATED'],
  [404, 'NOT_FOUND'],
  [400, 'ENDPOINT_UNAVAILABLE'],
  [502, 'ENDPOINT_UNAVAILABLE'],
])('status %d without a problem body is %s', (status, reason) => {
  for (const body of ['<html>', '', '{}', 'null']) {
    expect(problemToError({ status, body }).reason).toBe(reason)
  }
})
