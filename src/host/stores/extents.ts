import { min } from '../../lib/bigints.ts'
import type { ByteRange } from '../../volumegroups/index.ts'

/** A run of a file's bytes that has a place on the disk. What lies between the extents reads as zeroes. */
export interface Extent {
  readonly startBytes: bigint
  readonly endBytes: bigint
  /** Where its first byte is: equal places hold equal bytes. Undefined when that can not be told. */
  readonly placeBytes: bigint | undefined
}

/** Extents of one file: ascending, not overlapping. */
export type Extents = AsyncIterable<Extent>

/** The bytes that have a place. */
export const allocatedRanges = (extents: Extents): AsyncGenerator<ByteRange> => merged(extents)

/** The bytes that do not have the same place in both files, or none in both. */
export const changedRanges = (base: Extents, target: Extents): AsyncGenerator<ByteRange> =>
  merged(differences(base, target))

type Range = Pick<Extent, 'startBytes' | 'endBytes'>

async function* differences(base: Extents, target: Extents): AsyncGenerator<Range> {
  const [bases, targets] = [base[Symbol.asyncIterator](), target[Symbol.asyncIterator]()]
  let old = await nextOf(bases)
  let now = await nextOf(targets)
  for (let at = 0n; old || now; ) {
    const edges = [old, now].flatMap((extent) => (extent ? [edgeAfter(extent, at)] : []))
    const endBytes = edges.reduce(min)
    const place = placeAt(now, at)
    if (place === 'anywhere' || place !== placeAt(old, at)) yield { startBytes: at, endBytes }
    at = endBytes
    if (old?.endBytes === at) old = await nextOf(bases)
    if (now?.endBytes === at) now = await nextOf(targets)
  }
}

const nextOf = async (extents: AsyncIterator<Extent>): Promise<Extent | undefined> => {
  const { done, value } = await extents.next()
  return done ? undefined : value
}

/** Where the extent begins, or ends when it has begun. */
const edgeAfter = ({ startBytes, endBytes }: Extent, at: bigint): bigint =>
  startBytes > at ? startBytes : endBytes

function placeAt(extent: Extent | undefined, at: bigint): bigint | 'nowhere' | 'anywhere' {
  if (extent === undefined || extent.startBytes > at) return 'nowhere'
  return extent.placeBytes === undefined ? 'anywhere' : extent.placeBytes + at - extent.startBytes
}

async function* merged(ranges: AsyncIterable<Range>): AsyncGenerator<ByteRange> {
  let open: Range | undefined
  for await (const { startBytes, endBytes } of ranges) {
    if (open?.endBytes === startBytes) open = { startBytes: open.startBytes, endBytes }
    else {
      if (open) yield rangeOf(open)
      open = { startBytes, endBytes }
    }
  }
  if (open) yield rangeOf(open)
}

const rangeOf = ({ startBytes, endBytes }: Range): ByteRange => ({
  offsetBytes: startBytes,
  lengthBytes: endBytes - startBytes,
})
