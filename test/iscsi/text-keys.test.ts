import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IscsiError } from '../../src/iscsi/errors.ts'
import { decodeKeys, decodePairs, encodeKeys } from '../../src/iscsi/text-keys.ts'

const key = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,62}$/)
const value = fc.string({ maxLength: 100 }).filter((text) => !text.includes('\0'))

test('gives back what was encoded', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value)), (pairs) => {
      expect(decodePairs(encodeKeys(pairs))).toEqual(pairs)
    }),
  )
})

test('any bytes are pairs or an IscsiError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeKeys(Buffer.from(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(IscsiError)
      }
    }),
  )
})

test('takes padding for nothing', () => {
  expect(decodePairs(Buffer.from('A=1\0\0\0'))).toEqual([['A', '1']])
})
