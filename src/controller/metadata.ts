import type { BlockMetadata, BlockMetadataType } from '../csi/messages.ts'
import {
  MAX_RANGES,
  type Ranges,
  type RangesQuery,
  StorageError,
  type Violations,
} from '../volumegroups/index.ts'

interface Message {
  readonly blockMetadataType: BlockMetadataType
  readonly volumeCapacityBytes: string
  readonly blockMetadata: readonly BlockMetadata[]
}

/** Zero counts as not given. */
export function parseMaxResults(maxResults: number, faults: Violations): number {
  if (maxResults < 0) faults.add('max_results', 'INVALID_ARGUMENT', 'max_results is negative')
  return maxResults === 0 ? MAX_RANGES : Math.min(maxResults, MAX_RANGES)
}

export function parseOffset(startingOffset: string): bigint {
  const fromBytes = BigInt(startingOffset)
  if (fromBytes >= 0n) return fromBytes
  throw new StorageError('OFFSET_OUT_OF_RANGE', 'starting_offset is negative')
}

/** A message for each page, the first one also when it is empty: it tells the capacity. */
export async function* messagesOf(
  first: Required<RangesQuery>,
  read: (query: RangesQuery) => Promise<Ranges>,
): AsyncGenerator<Message> {
  for (let fromBytes: bigint | undefined = first.fromBytes; fromBytes !== undefined; ) {
    const page: Ranges = await read({ ...first, fromBytes })
    yield {
      blockMetadataType: 'VARIABLE_LENGTH',
      volumeCapacityBytes: page.sizeBytes.toString(),
      blockMetadata: page.ranges.map(({ offsetBytes, lengthBytes }) => ({
        byteOffset: offsetBytes.toString(),
        sizeBytes: lengthBytes.toString(),
      })),
    }
    fromBytes = page.nextBytes
  }
}
