import { expect, test } from 'vitest'
import { identityOf, isSame } from '../../../src/initiators/open-iscsi/identity.ts'

const SERIAL = '2f1c0b6e9d4a4f0e8b7a6c5d4e3f2a1b'
const NAA = '6f1c0b6e9d4a4f0e8b7a6c5d4e3f2a1b'

const page = (code: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, code, 0, content.length]), content])
const serialPage = page(0x80, Buffer.from(SERIAL.padStart(36)))
const naaPage = page(0x83, Buffer.from([1, 3, 0, 16, ...Buffer.from(NAA, 'hex')]))

test('serial and NAA are read from the pages as tgt fills them, and both must match', () => {
  const found = identityOf(serialPage, naaPage)
  expect(found).toEqual({ serial: SERIAL, naas: [NAA] })
  expect(isSame(found, { serial: SERIAL, naa: NAA.toUpperCase() })).toBe(true)
  expect(isSame(found, { serial: SERIAL, naa: NAA.replace('6f', '6e') })).toBe(false)
  expect(isSame(found, { serial: NAA, naa: NAA })).toBe(false)
})

test('a page that is not there, cut off, or another one says nothing', () => {
  const nothing = { serial: undefined, naas: [] }
  expect(identityOf(Buffer.alloc(0), Buffer.alloc(0))).toEqual(nothing)
  expect(identityOf(serialPage.subarray(0, 20), Buffer.alloc(0))).toEqual(nothing)
  expect(identityOf(naaPage, serialPage)).toEqual(nothing)
  expect(isSame(nothing, { serial: SERIAL, naa: NAA })).toBe(false)
})
