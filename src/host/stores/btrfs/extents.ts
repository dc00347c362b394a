import { run } from '../../exec.ts'
import type { Extent } from '../extents.ts'
import { listExtents } from './commands.ts'

const ROWS_PER_CALL = 4096

/** The file's extents from an offset on, a bounded number of them in memory at a time. */
export async function* extentsOf(path: string, fromBytes: bigint): AsyncGenerator<Extent> {
  for (let at = fromBytes; ; ) {
    const rows = parseRows((await run(listExtents(path, at, ROWS_PER_CALL))).stdout)
    for (const row of rows) if (row.kind === 'data' && row.endBytes > at) yield clipped(row, at)
    const last = rows.at(-1)
    if (last === undefined || last.endBytes <= at) return
    at = last.endBytes
  }
}

/** An extent may begin before the offset that was asked for. */
function clipped({ startBytes, endBytes, placeBytes }: Extent, at: bigint): Extent {
  if (startBytes >= at) return { startBytes, endBytes, placeBytes }
  const skippedBytes = at - startBytes
  return {
    startBytes: at,
    endBytes,
    placeBytes: placeBytes === undefined ? undefined : placeBytes + skippedBytes,
  }
}

type Row = Extent & { readonly kind: 'data' | 'zeroes' }

/** `   3: [32..39]:   932312..932319   8   0x2000`, or `hole` and no flags. */
const ROW = /^ *\d+: \[(\d+)\.\.(\d+)\]: +(?:hole|(\d+)\.\.\d+) +\d+(?: +0x([0-9a-f]+))?$/gm
const UNIT_BYTES = 512n

function parseRows(text: string): Row[] {
  return [...text.matchAll(ROW)].map(([, first = '', last = '', place, flags = '0']) => {
    const range = { startBytes: BigInt(first) * UNIT_BYTES, endBytes: (BigInt(last) + 1n) * UNIT_BYTES }
    const bits = Number.parseInt(flags, 16)
    if (place === undefined || bits & UNWRITTEN) return { ...range, kind: 'zeroes', placeBytes: undefined }
    return { ...range, kind: 'data', placeBytes: bits & NO_PLACE ? undefined : BigInt(place) * UNIT_BYTES }
  })
}

/** Flags of the kernel's fiemap.h. Preallocated and never written: reads as zeroes. */
const UNWRITTEN = 0x800
/**
 * Unknown, not yet allocated, encoded, encrypted, not aligned, inline, packed: the place does not tell the content.
 * Of a compressed extent only the start of the whole is told, which several runs of bytes can share.
 */
const NO_PLACE = 0x2 | 0x4 | 0x8 | 0x80 | 0x100 | 0x200 | 0x400
