import { expect, test } from 'vitest'
import { INIT_FLAG } from '../../../../src/initiators/userspace/fuse/protocol.ts'
import {
  encodeAttributes,
  encodeHeader,
  encodeInit,
  encodeInvalidateInode,
  encodeResend,
} from '../../../../src/initiators/userspace/fuse/reply.ts'

test('a header carries length, negative error number and the id of the request, high bit and all', () => {
  const header = Buffer.alloc(16)
  encodeHeader(header, 0x8000_0000_0000_0102n, 5, 24)
  expect(header.toString('hex')).toBe(`28000000${'fbffffff'}0201000000000080`)
})

test('only what both sides know is agreed, and never write-back caching', () => {
  const writebackCache = 1n << 16n
  const out = encodeInit(45, INIT_FLAG.asyncRead | INIT_FLAG.hasResend | writebackCache)
  expect(out.readUInt32LE(4)).toBe(40)
  expect(out.readUInt32LE(12)).toBe(1)
  expect(out.readUInt32LE(32)).toBe(0x80)
  expect(encodeInit(31, 0n).readUInt32LE(4)).toBe(31)
})

test('attributes are a regular file that is valid for no time', () => {
  const out = encodeAttributes(2 ** 40, true)
  expect(out.readBigUInt64LE(0)).toBe(0n)
  expect(out.readBigUInt64LE(16 + 8)).toBe(1n << 40n)
  expect(out.readUInt32LE(16 + 60).toString(8)).toBe('100400')
})

test('notifications have no request id and their code in place of the error', () => {
  expect(encodeResend().toString('hex')).toBe('10000000070000000000000000000000')
  const invalidate = encodeInvalidateInode()
  expect([invalidate.readUInt32LE(0), invalidate.readInt32LE(4)]).toEqual([40, 2])
  expect([invalidate.readBigUInt64LE(16), invalidate.readBigInt64LE(24)]).toEqual([1n, -1n])
})
