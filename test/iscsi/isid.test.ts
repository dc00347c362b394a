import { expect, test } from 'vitest'
import { isidOf } from '../../src/iscsi/isid.ts'

test('the same id has the same ISID, other ids have others', () => {
  expect(isidOf('a')).toEqual(isidOf('a'))
  expect(isidOf('a')).not.toEqual(isidOf('b'))
})

test('is six bytes in the random format', () => {
  expect([isidOf('a').length, isidOf('a')[0]]).toEqual([6, 0x80])
})
