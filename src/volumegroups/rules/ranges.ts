import type { ByteRange, Ranges, RangesQuery } from '../contents.ts'
import { StorageError, Violations } from '../errors.ts'
import { MAX_RANGES } from '../limits.ts'

/** One page of the ranges of a disk of this size; `read` gives them from an offset on. */
export async function rangesPage(
  sizeBytes: bigint,
  query: RangesQuery,
  read: (fromBytes: bigint) => AsyncIterable<ByteRange>,
): Promise<Ranges> {
  const { fromBytes, limit } = checkRanges(query, sizeBytes)
  const ranges: ByteRange[] = []
  for await (const range of read(fromBytes)) {
    if (ranges.length === limit) return { sizeBytes, ranges, nextBytes: range.offsetBytes }
    ranges.push(range)
  }
  return { sizeBytes, ranges, nextBytes: undefined }
}

function checkRanges(query: RangesQuery, sizeBytes: bigint): { fromBytes: bigint; limit: number } {
  const { fromBytes = 0n, limit = MAX_RANGES } = query
  const faults = new Violations()
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_RANGES) {
    faults.add('limit', 'INVALID_ARGUMENT', `limit must be a whole number from 1 to ${MAX_RANGES}`)
  }
  faults.throwIfAny()
  if (fromBytes >= 0n && fromBytes <= sizeBytes) return { fromBytes, limit }
  throw new StorageError(
    'OFFSET_OUT_OF_RANGE',
    `the disk has ${sizeBytes} bytes; ${fromBytes} is not within it`,
  )
}
