/**
 * CRC32C (Castagnoli, reflected polynomial 0x82f63b78), the digest of RFC 7143 §13.1. Pure JavaScript manages a few hundred
 * MB/s, which would halve the throughput of a session; this small WebAssembly module manages well over 1 GB/s.
 */

const POLYNOMIAL = 0x82f63b78
/** Eight tables of 256 words lie at the start of the module's one memory page; the rest is a window for data. */
const TABLES_BYTES = 8 * 1024
const PAGE_BYTES = 64 * 1024
const WINDOW_BYTES = PAGE_BYTES - TABLES_BYTES

/** The part of the WebAssembly API used here; TypeScript has it only in its browser library. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly update: Update }
  }
}

type Update = (crc: number, start: number, end: number) => number

/** The CRC32C of `bytes`; pass the CRC of what came before to go on from there. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous
  for (let offset = 0; offset < bytes.length; offset += WINDOW_BYTES) {
    const part = bytes.length <= WINDOW_BYTES ? bytes : bytes.subarray(offset, offset + WINDOW_BYTES)
    engine.window.set(part)
    crc = engine.update(crc, TABLES_BYTES, TABLES_BYTES + part.length)
  }
  return ~crc >>> 0
}

/** Table k holds the CRC of each byte value followed by k zero bytes: eight lookups then consume eight bytes at once. */
function fillTables(tables: Uint32Array): void {
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[byte] = crc
  }
  for (let index = 256; index < 2048; index += 1) {
    const shorter = tables[index - 256]!
    tables[index] = (shorter >>> 8) ^ tables[shorter & 0xff]!
  }
}

// The few instructions that the module needs (WebAssembly core specification, chapter 5.4).
const I32 = 0x7f
const VOID = 0x40
const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  get: 0x20,
  set: 0x21,
  load: 0x28,
  load8: 0x2d,
  const: 0x41,
  geU: 0x4f,
  gtU: 0x4b,
  add: 0x6a,
  and: 0x71,
  xor: 0x73,
  shl: 0x74,
  shrU: 0x76,
} as const

const CRC = 0
const AT = 1
const END = 2
const LOW = 3
const HIGH = 4

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}

/** Signed LEB128 of a non-negative constant: bit 6 of the last byte must stay clear. */
function constant(value: number): number[] {
  const bytes = (rest: number): number[] =>
    rest < 0x40 ? [rest] : [(rest & 0x7f) | 0x80, ...bytes(rest >>> 7)]
  return [op.const, ...bytes(value)]
}

/** A vector: its length, then its bytes. */
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes]
const load = (opcode: number, align: number, offset: number): number[] => [opcode, align, ...leb(offset)]

/** table[`number`][byte `index` of local `word`]; a table entry is 4 bytes, so byte << 2 is its offset. */
function lookup(table: number, word: number, index: number): number[] {
  const shift = index === 0 ? [...constant(2), op.shl] : [...constant(8 * index - 2), op.shrU]
  return [op.get, word, ...shift, ...constant(0x3fc), op.and, ...load(op.load, 2, table * 1024)]
}

/** while (AT + 8 <= END) take eight bytes: crc is folded into the low word, then all eight bytes are looked up. */
const EIGHT_AT_ONCE = [
  ...[op.block, VOID, op.loop, VOID],
  ...[op.get, AT, ...constant(8), op.add, op.get, END, op.gtU, op.brIf, 1],
  ...[op.get, AT, ...load(op.load, 0, 0), op.get, CRC, op.xor, op.set, LOW],
  ...[op.get, AT, ...load(op.load, 0, 4), op.set, HIGH],
  ...[
    ...lookup(7, LOW, 0),
    ...lookup(6, LOW, 1),
    op.xor,
    ...lookup(5, LOW, 2),
    op.xor,
    ...lookup(4, LOW, 3),
    op.xor,
  ],
  ...[...lookup(3, HIGH, 0), op.xor, ...lookup(2, HIGH, 1), op.xor],
  ...[...lookup(1, HIGH, 2), op.xor, ...lookup(0, HIGH, 3), op.xor, op.set, CRC],
  ...[op.get, AT, ...constant(8), op.add, op.set, AT, op.br, 0, op.end, op.end],
]

/** while (AT < END) crc = table0[(crc ^ byte) & 255] ^ (crc >>> 8) */
const ONE_BY_ONE = [
  ...[op.block, VOID, op.loop, VOID],
  ...[op.get, AT, op.get, END, op.geU, op.brIf, 1],
  ...[op.get, CRC, op.get, AT, ...load(op.load8, 0, 0), op.xor, op.set, LOW],
  ...[...lookup(0, LOW, 0), op.get, CRC, ...constant(8), op.shrU, op.xor, op.set, CRC],
  ...[op.get, AT, ...constant(1), op.add, op.set, AT, op.br, 0, op.end, op.end],
]

const name = (text: string): number[] => sized([...Buffer.from(text)])
const section = (id: number, body: readonly number[]): number[] => [id, ...sized(body)]

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const locals = [1, 2, I32]
  const body = [...locals, ...EIGHT_AT_ONCE, ...ONE_BY_ONE, op.get, CRC, op.end]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...sized([I32, I32, I32]), ...sized([I32])]), // one type: (crc, at, end) -> crc
    ...section(3, [1, 0]), // one function of that type
    ...section(5, [1, 0, 1]), // one memory of one page
    ...section(7, [2, ...name('memory'), 2, 0, ...name('update'), 0, 0]),
    ...section(10, [1, ...sized(body)]),
  ])
}

function start(): { readonly update: Update; readonly window: Uint8Array } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()))
  const { buffer } = exports.memory
  fillTables(new Uint32Array(buffer, 0, TABLES_BYTES / 4))
  return { update: exports.update, window: new Uint8Array(buffer, TABLES_BYTES) }
}

const engine = start()
