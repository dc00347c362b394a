import { Violations } from '../errors.ts'
import { DEFAULT_DISK_BYTES, MAX_DISK_BYTES, SIZE_UNIT_BYTES } from '../limits.ts'
import type { SizeRange } from '../ports.ts'

/** The size that a disk gets: what is asked for, or the source's, or the default, in whole units. */
export function sizeFor({ requiredBytes, limitBytes }: SizeRange, sourceBytes?: bigint): bigint {
  const maxBytes = limitBytes !== undefined && limitBytes < MAX_DISK_BYTES ? limitBytes : MAX_DISK_BYTES
  const fallbackBytes = maxBytes < DEFAULT_DISK_BYTES ? roundDown(maxBytes) : DEFAULT_DISK_BYTES
  const sizeBytes = roundUp(requiredBytes || (sourceBytes ?? fallbackBytes))
  const faults = new Violations()
  const add = (message: string) => faults.add('size', 'SIZE_OUT_OF_RANGE', message)
  if (sizeBytes > maxBytes) add(`a disk of ${sizeBytes} bytes is above the limit of ${maxBytes}`)
  if (sourceBytes !== undefined && sourceBytes > sizeBytes) {
    add(`the source has ${sourceBytes} bytes, more than the ${sizeBytes} asked for`)
  }
  faults.throwIfAny()
  return sizeBytes
}

/** Whether a disk of this size is what the range asks for. */
export function isWithin(sizeBytes: bigint, { requiredBytes = 0n, limitBytes }: SizeRange): boolean {
  return sizeBytes >= requiredBytes && (limitBytes === undefined || sizeBytes <= limitBytes)
}

const roundDown = (bytes: bigint): bigint => bytes - (bytes % SIZE_UNIT_BYTES)
const roundUp = (bytes: bigint): bigint => roundDown(bytes + SIZE_UNIT_BYTES - 1n)
