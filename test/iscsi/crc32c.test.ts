import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../../src/iscsi/crc32c.ts'

const counting = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
const scsiRead = Buffer.from(
  '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' + '0200000000000000',
  'hex',
)

// RFC 7143 §B.4 prints the bytes in the order in which they are sent: little-endian.
test.each([
  ['32 zeroes', Buffer.alloc(32), 'aa36918a'],
  ['32 ones', Buffer.alloc(32, 0xff), '43aba862'],
  ['counting up', counting, '4e79dd46'],
  ['counting down', Buffer.from(counting).reverse(), '5cdb3f11'],
  ['a READ (10) PDU', scsiRead, '563a96d9'],
])('%s', (_, bytes, digest) => {
  const sent = Buffer.alloc(4)
  sent.writeUInt32LE(crc32c(bytes))
  expect(sent.toString('hex')).toBe(digest)
})

test('nothing has the digest 0', () => {
  expect(crc32c(Buffer.alloc(0))).toBe(0)
})

test('agrees with the definition, bit by bit, at every length and alignment', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), (bytes, skip) => {
    const part = bytes.subarray(Math.min(skip, bytes.length))
    expect(crc32c(part)).toBe(byDefinition(part))
  })
  fc.assert(property)
})

test('goes on where it left off, across the size of its window', () => {
  const bytes = Buffer.from(Array.from({ length: 150_000 }, (_, index) => (index * 31) & 0xff))
  const whole = crc32c(bytes)
  expect(whole).toBe(byDefinition(bytes))
  for (const cut of [0, 1, 57_344, 57_345, 149_999, 150_000]) {
    expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(whole)
  }
})

function byDefinition(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}
