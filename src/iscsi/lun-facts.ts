import { IscsiError } from './errors.ts'
import type { Lun } from './lun.ts'

/** Who a LUN must be. */
export interface Identity {
  /** VPD page 0x80, without padding. */
  readonly serial: string
  /** VPD page 0x83, NAA designator: 16 or 32 hex digits. */
  readonly naa: string
}

export interface Capacity {
  readonly blockSize: number
  readonly sizeBytes: number
  /** Unmapped blocks read as zeroes. */
  readonly readsZeroes: boolean
}

/** What a LUN is and can do. A limit of 0 blocks means that the target names none. */
export interface LunFacts extends Capacity {
  readonly readOnly: boolean
  readonly writeCache: boolean
  readonly unmap: boolean
  readonly writeSameUnmap: boolean
  readonly maxTransferBlocks: number
  readonly maxUnmapBlocks: number
  readonly maxWriteSameBlocks: number
}

const PAGE = {
  serial: 0x80,
  identification: 0x83,
  blockLimits: 0xb0,
  provisioning: 0xb2,
  caching: 0x08,
} as const
const NAA_DESIGNATOR = 3
const LOGICAL_UNIT = 0

/** Throws `identity_mismatch` unless serial and NAA are both as expected; a LUN that will not say is not the one. */
export async function checkIdentity(lun: Lun, expected: Identity): Promise<void> {
  const serialPage = await lun.page(PAGE.serial)
  const serial = serialPage?.toString('latin1', 4).replaceAll('\0', ' ').trim()
  const naas = parseNaas((await lun.page(PAGE.identification)) ?? Buffer.alloc(0))
  if (serial === expected.serial && naas.includes(expected.naa.toLowerCase())) return
  const found = `serial ${serial ?? 'unknown'}, NAA ${naas.join(' or ') || 'unknown'}`
  const message = `the LUN is not serial ${expected.serial}, NAA ${expected.naa}, but ${found}`
  throw new IscsiError('identity_mismatch', message)
}

/** The NAA designators of the logical unit itself, in hex. */
export function parseNaas(page: Buffer): string[] {
  const found: string[] = []
  for (let at = 4; at + 4 <= page.length; at += 4 + page[at + 3]!) {
    const type = page[at + 1]! & 0xf
    const association = (page[at + 1]! >> 4) & 3
    const value = page.subarray(at + 4, at + 4 + page[at + 3]!)
    if (type === NAA_DESIGNATOR && association === LOGICAL_UNIT) found.push(value.toString('hex'))
  }
  return found
}

export async function readFacts(lun: Lun): Promise<LunFacts> {
  const capacity = parseCapacity(await lun.capacity())
  const caching = await lun.modePage(PAGE.caching)
  const limits = await lun.page(PAGE.blockLimits)
  const provisioning = await lun.page(PAGE.provisioning)
  const provisioned = provisioning?.[5] ?? 0
  return {
    ...capacity,
    readsZeroes: capacity.readsZeroes || (provisioned & 0x04) !== 0,
    readOnly: ((caching?.[3] ?? 0) & 0x80) !== 0,
    writeCache: caching === undefined || ((caching[8 + 2] ?? 0x04) & 0x04) !== 0,
    unmap: (provisioned & 0x80) !== 0,
    writeSameUnmap: (provisioned & 0x40) !== 0,
    maxTransferBlocks: word(limits, 8),
    maxUnmapBlocks: word(limits, 20),
    maxWriteSameBlocks: word(limits, 36) > 0 ? 0xffffffff : word(limits, 40),
  }
}

/** Refuses sizes that this library can not address exactly. */
export function parseCapacity(answer: Buffer): Capacity {
  if (answer.length < 15)
    throw new IscsiError('protocol_error', 'the target cut its READ CAPACITY answer short')
  const blocks = answer.readBigUInt64BE(0) + 1n
  const blockSize = answer.readUInt32BE(8)
  if (![512, 1024, 2048, 4096].includes(blockSize)) {
    throw new IscsiError('limit_exceeded', `blocks of ${blockSize} bytes are not supported`)
  }
  const sizeBytes = blocks * BigInt(blockSize)
  if (sizeBytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new IscsiError('limit_exceeded', `a LUN of ${sizeBytes} bytes is not supported`)
  }
  return { blockSize, sizeBytes: Number(sizeBytes), readsZeroes: (answer[14]! & 0x40) !== 0 }
}

function word(page: Buffer | undefined, offset: number): number {
  return page !== undefined && page.length >= offset + 4 ? page.readUInt32BE(offset) : 0
}
