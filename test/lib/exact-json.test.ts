import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeExactly, encodeExactly } from '../../src/lib/exact-json.ts'

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.constant('$'), fc.constant('value'), fc.string()), tie('value'), {
      noNullPrototype: true,
    }),
  ),
})).value

test('every value comes back as it was, tags of its own included', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(decodeExactly(encodeExactly(value))).toEqual(value)
    }),
  )
})

test('equal values have equal text', () => {
  expect(encodeExactly({ a: 1n, b: undefined, c: [new Date(0)] })).toBe(
    encodeExactly({ c: [new Date(0)], a: 1n }),
  )
})
