import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from '../../../../src/initiators/userspace/keeper/lines.ts'

test('lines are the same however the bytes arrive', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ' '))
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const splitter = new LineSplitter(1000)
      const found: string[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const step = cuts[turn % cuts.length] as number
        found.push(...splitter.push(bytes.subarray(at, at + step)))
        at += step
      }
      expect(found).toEqual(lines)
    }),
  )
})

test('a line has a limit, whether it ends or not', () => {
  expect(() => new LineSplitter(8).push(Buffer.from('123456789'))).toThrow(RangeError)
  expect(() => new LineSplitter(8).push(Buffer.from('123456789\n'))).toThrow(RangeError)
  const splitter = new LineSplitter(8)
  expect(splitter.push(Buffer.from('12345678\n12345678'))).toEqual(['12345678'])
  expect(() => splitter.push(Buffer.from('9'))).toThrow(RangeError)
})
