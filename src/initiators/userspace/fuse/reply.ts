import {
  CONGESTION_THRESHOLD,
  MAX_BACKGROUND,
  MAX_IO_BYTES,
  MAX_PAGES,
  NOTIFY,
  OPEN_FLAGS,
  OUT_HEADER_BYTES,
  PROTOCOL_MAJOR,
  PROTOCOL_MINOR,
  ROOT_NODE_ID,
  WANTED_INIT_FLAGS,
} from './protocol.ts'

/** The block size that the file shows; for the loop device it is the discard granularity. */
const FILE_BLOCK_BYTES = 4096
const MODE = { readWrite: 0o100600, readOnly: 0o100400 } as const

/** Writes the header of an answer into `header`; `errno` is 0 or positive. */
export function encodeHeader(header: Buffer, unique: bigint, errno: number, bodyBytes: number): void {
  header.writeUInt32LE(OUT_HEADER_BYTES + bodyBytes, 0)
  header.writeInt32LE(-errno, 4)
  header.writeBigUInt64LE(unique, 8)
}

export function encodeInit(minor: number, kernelFlags: bigint): Buffer {
  const flags = kernelFlags & WANTED_INIT_FLAGS
  const out = Buffer.alloc(64)
  out.writeUInt32LE(PROTOCOL_MAJOR, 0)
  out.writeUInt32LE(Math.min(minor, PROTOCOL_MINOR), 4)
  out.writeUInt32LE(MAX_IO_BYTES, 8)
  out.writeUInt32LE(Number(flags & 0xffff_ffffn), 12)
  out.writeUInt16LE(MAX_BACKGROUND, 16)
  out.writeUInt16LE(CONGESTION_THRESHOLD, 18)
  out.writeUInt32LE(MAX_IO_BYTES, 20)
  out.writeUInt32LE(1, 24)
  out.writeUInt16LE(MAX_PAGES, 28)
  out.writeUInt32LE(Number(flags >> 32n), 32)
  return out
}

/** The file's attributes, valid for no time: the kernel asks again, so that a new size is seen. */
export function encodeAttributes(sizeBytes: number, readOnly: boolean): Buffer {
  const out = Buffer.alloc(104)
  const attributes = out.subarray(16)
  attributes.writeBigUInt64LE(ROOT_NODE_ID, 0)
  attributes.writeBigUInt64LE(BigInt(sizeBytes), 8)
  attributes.writeBigUInt64LE(BigInt(Math.ceil(sizeBytes / 512)), 16)
  attributes.writeUInt32LE(readOnly ? MODE.readOnly : MODE.readWrite, 60)
  attributes.writeUInt32LE(1, 64)
  attributes.writeUInt32LE(FILE_BLOCK_BYTES, 80)
  return out
}

export function encodeOpen(): Buffer {
  const out = Buffer.alloc(16)
  out.writeUInt32LE(OPEN_FLAGS, 8)
  return out
}

export function encodeWritten(length: number): Buffer {
  const out = Buffer.alloc(8)
  out.writeUInt32LE(length, 0)
  return out
}

export function encodeSeek(offset: number): Buffer {
  const out = Buffer.alloc(8)
  out.writeBigUInt64LE(BigInt(offset), 0)
  return out
}

export function encodeStatfs(sizeBytes: number): Buffer {
  const out = Buffer.alloc(80)
  out.writeBigUInt64LE(BigInt(Math.ceil(sizeBytes / FILE_BLOCK_BYTES)), 0)
  out.writeUInt32LE(FILE_BLOCK_BYTES, 40)
  out.writeUInt32LE(255, 44)
  out.writeUInt32LE(FILE_BLOCK_BYTES, 48)
  return out
}

/** Makes the kernel forget the file's attributes. A negative offset leaves its pages alone. */
export function encodeInvalidateInode(): Buffer {
  const out = Buffer.alloc(OUT_HEADER_BYTES + 24)
  encodeNotify(out, NOTIFY.invalidateInode)
  out.writeBigUInt64LE(ROOT_NODE_ID, OUT_HEADER_BYTES)
  out.writeBigInt64LE(-1n, OUT_HEADER_BYTES + 8)
  return out
}

/** Makes the kernel hand out once more what an earlier server took and did not answer. */
export function encodeResend(): Buffer {
  const out = Buffer.alloc(OUT_HEADER_BYTES)
  encodeNotify(out, NOTIFY.resend)
  return out
}

function encodeNotify(out: Buffer, code: number): void {
  out.writeUInt32LE(out.length, 0)
  out.writeInt32LE(code, 4)
}
