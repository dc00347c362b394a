import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judge, parseSense, type Verdict } from '../../src/iscsi/sense.ts'

const of = (key: number, asc: number, ascq = 0) => ({ key, asc, ascq, deferred: false })

test('reads fixed and descriptor format', () => {
  const fixed = Buffer.from('0012' + '70000600000000' + '0a' + '00000000' + '2a09' + '00000000', 'hex')
  expect(parseSense(fixed)).toEqual(of(6, 0x2a, 9))
  expect(parseSense(Buffer.from('0008' + '7205240000000000', 'hex'))).toEqual(of(5, 0x24))
  expect(parseSense(Buffer.from('0008' + '7305240000000000', 'hex'))?.deferred).toBe(true)
})

test('any bytes are sense or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const sense = parseSense(bytes)
      if (sense) expect(sense.key).toBeLessThan(16)
    }),
  )
})

test('a good status is good, whatever sense comes with it', () => {
  expect(judge(0, of(5, 0x24))).toBe('good')
})

const cases: [Verdict, number, ReturnType<typeof of> | undefined][] = [
  ['retry', 2, of(6, 0x29)],
  ['capacity_changed', 2, of(6, 0x2a, 9)],
  ['retry', 2, of(6, 0x2a, 3)],
  ['identity_in_doubt', 2, of(6, 0x3f, 0x0e)],
  ['lun_gone', 2, of(5, 0x25)],
  ['retry_later', 2, of(2, 4, 1)],
  ['failed', 2, of(2, 0x3a)],
  ['retry_later', 2, of(0xb, 0)],
  ['write_protected', 2, of(7, 0x27)],
  ['unsupported', 2, of(5, 0x20)],
  ['medium_error', 2, of(3, 0x11)],
  ['out_of_space', 2, of(7, 0x27, 7)],
  ['failed', 2, of(4, 0)],
  ['failed', 2, undefined],
  ['retry_later', 8, undefined],
  ['retry_later', 0x28, undefined],
  ['reservation_conflict', 0x18, undefined],
  ['failed', 2, { ...of(6, 0x29), deferred: true }],
]
test.each(cases)('%s: status %i, sense %o', (verdict, status, sense) => {
  expect(judge(status, sense)).toBe(verdict)
})
