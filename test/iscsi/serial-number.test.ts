import { expect, test } from 'vitest'
import { isAfter, nextSerial } from '../../src/iscsi/serial-number.ts'

test('wraps around', () => {
  expect(nextSerial(0xffffffff)).toBe(0)
  expect(nextSerial(0x7fffffff)).toBe(0x80000000)
})

test('compares across the wrap', () => {
  expect(isAfter(0, 0xffffffff)).toBe(true)
  expect(isAfter(0xffffffff, 0)).toBe(false)
  expect(isAfter(5, 5)).toBe(false)
  expect(isAfter(0x80000000, 0x7fffffff)).toBe(true)
})
