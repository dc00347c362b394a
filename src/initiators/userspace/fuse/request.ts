import { IN_HEADER_BYTES, MAX_IO_BYTES, OPCODE, SETATTR_SIZE, WRITE_DATA_OFFSET } from './protocol.ts'

/** What the kernel asks of the file. */
export type FuseRequest = { readonly unique: bigint } & FuseQuestion

export type FuseQuestion =
  | { readonly kind: 'init'; readonly major: number; readonly minor: number; readonly flags: bigint }
  | { readonly kind: 'setattr'; readonly sizeBytes: number | undefined }
  | { readonly kind: 'read'; readonly offset: number; readonly length: number }
  | { readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'fallocate'; readonly offset: number; readonly length: number; readonly mode: number }
  | { readonly kind: 'lseek'; readonly offset: number; readonly whence: number }
  | { readonly kind: 'getattr' | 'open' | 'statfs' | 'fsync' | 'done' }
  /** Wants no answer. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'unsupported'; readonly opcode: number }

/** A request that the kernel would never send. `unique` is known when at least the header was whole. */
export class FuseParseError extends Error {
  override readonly name = 'FuseParseError'
  readonly unique: bigint | undefined

  constructor(message: string, unique?: bigint) {
    super(message)
    this.unique = unique
  }
}

/** Parses one request, as one read of /dev/fuse brings it. A write's data is a view of `bytes`. */
export function parseRequest(bytes: Buffer): FuseRequest {
  if (bytes.length < IN_HEADER_BYTES) throw new FuseParseError(`a request of ${bytes.length} bytes`)
  const unique = bytes.readBigUInt64LE(8)
  const length = bytes.readUInt32LE(0)
  if (length !== bytes.length) {
    throw new FuseParseError(`a request of ${bytes.length} bytes says it has ${length}`, unique)
  }
  const opcode = bytes.readUInt32LE(4)
  const parse = PARSERS[opcode]
  if (parse === undefined) return { unique, kind: 'unsupported', opcode }
  try {
    return { unique, ...parse(bytes) }
  } catch (error) {
    throw new FuseParseError(`opcode ${opcode}: ${error instanceof Error ? error.message : error}`, unique)
  }
}

const PARSERS: Readonly<Record<number, (bytes: Buffer) => FuseQuestion>> = {
  [OPCODE.init]: parseInit,
  [OPCODE.getattr]: () => ({ kind: 'getattr' }),
  [OPCODE.setattr]: parseSetattr,
  [OPCODE.open]: () => ({ kind: 'open' }),
  [OPCODE.read]: parseRead,
  [OPCODE.write]: parseWrite,
  [OPCODE.statfs]: () => ({ kind: 'statfs' }),
  [OPCODE.fsync]: () => ({ kind: 'fsync' }),
  [OPCODE.fallocate]: parseFallocate,
  [OPCODE.lseek]: parseLseek,
  [OPCODE.release]: () => ({ kind: 'done' }),
  [OPCODE.flush]: () => ({ kind: 'done' }),
  [OPCODE.destroy]: () => ({ kind: 'done' }),
  [OPCODE.forget]: () => ({ kind: 'silent' }),
  [OPCODE.batchForget]: () => ({ kind: 'silent' }),
  [OPCODE.interrupt]: () => ({ kind: 'silent' }),
}

function parseInit(bytes: Buffer): FuseQuestion {
  const body = IN_HEADER_BYTES
  const low = BigInt(bytes.readUInt32LE(body + 12))
  const high = bytes.length >= body + 20 ? BigInt(bytes.readUInt32LE(body + 16)) : 0n // since minor 36
  const [major, minor] = [bytes.readUInt32LE(body), bytes.readUInt32LE(body + 4)]
  return { kind: 'init', major, minor, flags: (high << 32n) | low }
}

function parseSetattr(bytes: Buffer): FuseQuestion {
  const changesSize = (bytes.readUInt32LE(IN_HEADER_BYTES) & SETATTR_SIZE) !== 0
  return { kind: 'setattr', sizeBytes: changesSize ? readSafe(bytes, IN_HEADER_BYTES + 16) : undefined }
}

function parseRead(bytes: Buffer): FuseQuestion {
  const length = bytes.readUInt32LE(IN_HEADER_BYTES + 16)
  if (length > MAX_IO_BYTES) throw new RangeError(`a read of ${length} bytes`)
  return { kind: 'read', offset: readSafe(bytes, IN_HEADER_BYTES + 8), length }
}

function parseWrite(bytes: Buffer): FuseQuestion {
  const length = bytes.readUInt32LE(IN_HEADER_BYTES + 16)
  const data = bytes.subarray(WRITE_DATA_OFFSET)
  if (data.length !== length || length > MAX_IO_BYTES) {
    throw new RangeError(`a write of ${length} bytes brings ${data.length}`)
  }
  return { kind: 'write', offset: readSafe(bytes, IN_HEADER_BYTES + 8), data }
}

function parseFallocate(bytes: Buffer): FuseQuestion {
  return {
    kind: 'fallocate',
    offset: readSafe(bytes, IN_HEADER_BYTES + 8),
    length: readSafe(bytes, IN_HEADER_BYTES + 16),
    mode: bytes.readUInt32LE(IN_HEADER_BYTES + 24),
  }
}

function parseLseek(bytes: Buffer): FuseQuestion {
  const whence = bytes.readUInt32LE(IN_HEADER_BYTES + 16)
  return { kind: 'lseek', offset: readSafe(bytes, IN_HEADER_BYTES + 8), whence }
}

/** A 64-bit number that a double holds exactly: no disk is larger. */
function readSafe(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is beyond 2^53`)
  return value
}
