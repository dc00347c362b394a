/** SCSI command descriptor blocks (SBC-4, SPC-5), in the 16 bytes that an iSCSI header has for them. */

const CDB_BYTES = 16
const EVPD = 1
const UNMAP_BIT = 0x08
const FORCE_UNIT_ACCESS = 0x08
const NO_BLOCK_DESCRIPTORS = 0x08

function cdb(opcode: number): Buffer {
  const bytes = Buffer.allocUnsafe(CDB_BYTES).fill(0)
  bytes[0] = opcode
  return bytes
}

/** LBA at 2, count at 10: the layout of the 16-byte block commands. */
function blockCommand(opcode: number, lba: number, blocks: number): Buffer {
  const bytes = cdb(opcode)
  bytes.writeUInt32BE(Math.floor(lba / 2 ** 32), 2)
  bytes.writeUInt32BE(lba >>> 0, 6)
  bytes.writeUInt32BE(blocks, 10)
  return bytes
}

export const testUnitReady = (): Buffer => cdb(0x00)

export function inquiry(allocationBytes: number): Buffer {
  const bytes = cdb(0x12)
  bytes.writeUInt16BE(allocationBytes, 3)
  return bytes
}

export function vitalProductData(page: number, allocationBytes: number): Buffer {
  const bytes = inquiry(allocationBytes)
  bytes[1] = EVPD
  bytes[2] = page
  return bytes
}

export function reportLuns(allocationBytes: number): Buffer {
  const bytes = cdb(0xa0)
  bytes.writeUInt32BE(allocationBytes, 6)
  return bytes
}

export function readCapacity16(allocationBytes: number): Buffer {
  const bytes = cdb(0x9e)
  bytes[1] = 0x10
  bytes.writeUInt32BE(allocationBytes, 10)
  return bytes
}

/** Answers 8 bytes: the last block, at most 2^32 - 1, and the block size. */
export const readCapacity10 = (): Buffer => cdb(0x25)

export function modeSense6(page: number, allocationBytes: number): Buffer {
  const bytes = cdb(0x1a)
  bytes[1] = NO_BLOCK_DESCRIPTORS
  bytes[2] = page
  bytes[4] = allocationBytes
  return bytes
}

export function modeSense10(page: number, allocationBytes: number): Buffer {
  const bytes = cdb(0x5a)
  bytes[1] = NO_BLOCK_DESCRIPTORS // the page follows the header
  bytes[2] = page
  bytes.writeUInt16BE(allocationBytes, 7)
  return bytes
}

export const read16 = (lba: number, blocks: number): Buffer => blockCommand(0x88, lba, blocks)

/** With `forced`, the data is on stable storage when the command is done. */
export function write16(lba: number, blocks: number, forced = false): Buffer {
  const bytes = blockCommand(0x8a, lba, blocks)
  if (forced) bytes[1] = FORCE_UNIT_ACCESS
  return bytes
}

/** The whole cache, and not before it is on stable storage. */
export const synchronizeCache16 = (): Buffer => cdb(0x91)

/** Writes one block of data over and over; with `unmap` the target may give the blocks back if they then read the same. */
export function writeSame16(lba: number, blocks: number, unmap: boolean): Buffer {
  const bytes = blockCommand(0x93, lba, blocks)
  if (unmap) bytes[1] = UNMAP_BIT
  return bytes
}

export function unmap(parameterBytes: number): Buffer {
  const bytes = cdb(0x42)
  bytes.writeUInt16BE(parameterBytes, 7)
  return bytes
}

/** The parameter list of UNMAP, with one range. */
export function unmapRange(lba: number, blocks: number): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.writeUInt16BE(22, 0)
  bytes.writeUInt16BE(16, 2)
  bytes.writeBigUInt64BE(BigInt(lba), 8)
  bytes.writeUInt32BE(blocks, 16)
  return bytes
}

export const RESERVE_IN = { readKeys: 0, readReservation: 1 } as const

export function persistentReserveIn(action: number, allocationBytes: number): Buffer {
  const bytes = cdb(0x5e)
  bytes[1] = action
  bytes.writeUInt16BE(allocationBytes, 7)
  return bytes
}

export const RESERVE_OUT = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  registerAndIgnore: 6,
} as const

export const RESERVATION = { writeExclusive: 1, exclusiveAccess: 3, writeExclusiveRegistrants: 5 } as const

const RESERVE_PARAMETER_BYTES = 24

/** For the whole LUN; goes with `reserveParameters`. */
export function persistentReserveOut(action: number, type: number): Buffer {
  const bytes = cdb(0x5f)
  bytes[1] = action
  bytes[2] = type
  bytes.writeUInt32BE(RESERVE_PARAMETER_BYTES, 5)
  return bytes
}

/** `key` is the one registered, `actionKey` the one to register or to preempt. */
export function reserveParameters(key: bigint, actionKey: bigint): Buffer {
  const bytes = Buffer.alloc(RESERVE_PARAMETER_BYTES)
  bytes.writeBigUInt64BE(key, 0)
  bytes.writeBigUInt64BE(actionKey, 8)
  return bytes
}
