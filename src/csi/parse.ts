import { type SizeRange, Violations } from '../volumegroups/index.ts'
import type { CapacityRange } from './messages.ts'

/** Reads a request: `read` notes every fault that it meets, and all of them are thrown together. */
export function parsing<Result>(read: (faults: Violations) => Result): Result {
  const faults = new Violations()
  const result = read(faults)
  faults.throwIfAny()
  return result
}

/** A string that must be there. */
export function parseRequired(text: string, field: string, faults: Violations): string {
  if (text === '') faults.add(field, 'INVALID_ARGUMENT', `${field} is missing`)
  return text
}

/** Zero counts as not given, as everywhere in CSI. */
export function parseCapacity(range: CapacityRange | null, field: string, faults: Violations): SizeRange {
  const requiredBytes = BigInt(range?.requiredBytes ?? 0)
  const limitBytes = BigInt(range?.limitBytes ?? 0)
  if (requiredBytes < 0n || limitBytes < 0n) {
    faults.add(field, 'INVALID_ARGUMENT', `${field} holds a negative number of bytes`)
  } else if (limitBytes > 0n && limitBytes < requiredBytes) {
    const message = `${field} asks for at least ${requiredBytes} and at most ${limitBytes} bytes`
    faults.add(field, 'SIZE_OUT_OF_RANGE', message)
  }
  return { requiredBytes: requiredBytes || undefined, limitBytes: limitBytes || undefined }
}

/** As parseCapacity, for a call that can do nothing without a size. */
export function parseRequiredCapacity(
  range: CapacityRange | null,
  field: string,
  faults: Violations,
): SizeRange {
  const size = parseCapacity(range, field, faults)
  if (size.requiredBytes === undefined && size.limitBytes === undefined) {
    faults.add(field, 'INVALID_ARGUMENT', `${field} is missing`)
  }
  return size
}
