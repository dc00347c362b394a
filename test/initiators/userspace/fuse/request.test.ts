import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IN_HEADER_BYTES, MAX_IO_BYTES, OPCODE } from '../../../../src/initiators/userspace/fuse/protocol.ts'
import { FuseParseError, parseRequest } from '../../../../src/initiators/userspace/fuse/request.ts'

const UNIQUE = 0x8000_0000_0000_0102n // with the bit that marks a request handed out again

/** A request as the kernel writes it: header, then the body. */
function request(
  opcode: number,
  body: Buffer = Buffer.alloc(0),
  length = IN_HEADER_BYTES + body.length,
): Buffer {
  const header = Buffer.alloc(IN_HEADER_BYTES)
  header.writeUInt32LE(length, 0)
  header.writeUInt32LE(opcode, 4)
  header.writeBigUInt64LE(UNIQUE, 8)
  return Buffer.concat([header, body])
}

function ioBody(offset: bigint, length: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.alloc(40)
  body.writeBigUInt64LE(offset, 8)
  body.writeUInt32LE(length, 16)
  return Buffer.concat([body, data])
}

describe('a request of the kernel', () => {
  test('to read says where and how much', () => {
    expect(parseRequest(request(OPCODE.read, ioBody(1n << 40n, 65_536)))).toEqual({
      unique: UNIQUE,
      kind: 'read',
      offset: 2 ** 40,
      length: 65_536,
    })
  })

  test('to write brings its data, which is not copied', () => {
    const bytes = request(OPCODE.write, ioBody(8192n, 5, Buffer.from('hello')))
    const parsed = parseRequest(bytes)
    expect(parsed).toMatchObject({ kind: 'write', offset: 8192, data: Buffer.from('hello') })
    bytes.write('j', 80)
    expect(parsed).toMatchObject({ data: Buffer.from('jello') })
  })

  test('to start the protocol brings its flags in two words, or in one from older kernels', () => {
    const body = Buffer.alloc(64)
    body.writeUInt32LE(7, 0)
    body.writeUInt32LE(45, 4)
    body.writeUInt32LE(0x4000_0001, 12)
    body.writeUInt32LE(0x80, 16)
    const flags = (0x80n << 32n) | 0x4000_0001n
    expect(parseRequest(request(OPCODE.init, body))).toMatchObject({
      kind: 'init',
      major: 7,
      minor: 45,
      flags,
    })
    const older = request(OPCODE.init, body.subarray(0, 16))
    expect(parseRequest(older)).toMatchObject({ kind: 'init', flags: 0x4000_0001n })
  })

  test('to punch a hole', () => {
    const body = Buffer.alloc(32)
    body.writeBigUInt64LE(4096n, 8)
    body.writeBigUInt64LE(1n << 33n, 16)
    body.writeUInt32LE(3, 24)
    expect(parseRequest(request(OPCODE.fallocate, body))).toMatchObject({
      kind: 'fallocate',
      offset: 4096,
      length: 2 ** 33,
      mode: 3,
    })
  })

  test('to change attributes says whether the size is among them', () => {
    const body = Buffer.alloc(88)
    body.writeBigUInt64LE(4096n, 16)
    expect(parseRequest(request(OPCODE.setattr, body))).toMatchObject({
      kind: 'setattr',
      sizeBytes: undefined,
    })
    body.writeUInt32LE(8, 0)
    expect(parseRequest(request(OPCODE.setattr, body))).toMatchObject({ kind: 'setattr', sizeBytes: 4096 })
  })

  test('that is not known is named', () => {
    expect(parseRequest(request(999))).toEqual({ unique: UNIQUE, kind: 'unsupported', opcode: 999 })
  })
})

describe('what no kernel sends is refused', () => {
  test.each([
    ['a length that is not that of the read', request(OPCODE.getattr, Buffer.alloc(16), 40)],
    ['a read larger than agreed', request(OPCODE.read, ioBody(0n, MAX_IO_BYTES + 1))],
    ['an offset that no disk has', request(OPCODE.read, ioBody(1n << 60n, 512))],
    ['a write with less data than it says', request(OPCODE.write, ioBody(0n, 512, Buffer.alloc(511)))],
    ['a write without a body', request(OPCODE.write)],
    ['a hole without an end', request(OPCODE.fallocate, Buffer.alloc(8))],
  ])('%s', (_, bytes) => {
    expect(() => parseRequest(bytes)).toThrow(
      expect.objectContaining({ name: 'FuseParseError', unique: UNIQUE }),
    )
  })

  test('a header that is cut off', () => {
    expect(() => parseRequest(Buffer.alloc(IN_HEADER_BYTES - 1))).toThrow(FuseParseError)
  })
})

test('any bytes give a request within bounds or a FuseParseError', () => {
  const opcode = fc.oneof(fc.constantFrom(...Object.values(OPCODE)), fc.nat(5000))
  fc.assert(
    fc.property(opcode, fc.uint8Array({ maxLength: 200 }), fc.boolean(), (code, body, honest) => {
      const bytes = honest ? request(code, Buffer.from(body)) : Buffer.from(body)
      const parsed = parsedOrRefused(bytes)
      if (parsed === undefined) return
      if (parsed.kind === 'read') expect(parsed.length).toBeLessThanOrEqual(MAX_IO_BYTES)
      if (parsed.kind === 'write') expect(parsed.data.length).toBe(bytes.length - 80)
      for (const value of Object.values(parsed)) {
        if (typeof value === 'number') expect(Number.isSafeInteger(value)).toBe(true)
      }
    }),
    { numRuns: 5000 },
  )
})

function parsedOrRefused(bytes: Buffer) {
  try {
    return parseRequest(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(FuseParseError)
    return undefined
  }
}
