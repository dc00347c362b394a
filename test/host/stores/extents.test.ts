import { expect, test } from 'vitest'
import { allocatedRanges, changedRanges, type Extent } from '../../../src/host/stores/extents.ts'

const extent = (startBytes: bigint, endBytes: bigint, placeBytes?: bigint): Extent => ({
  startBytes,
  endBytes,
  placeBytes,
})
async function* listed(...extents: readonly Extent[]) {
  yield* extents
}
const range = (offsetBytes: bigint, lengthBytes: bigint) => ({ offsetBytes, lengthBytes })
const changed = (base: readonly Extent[], target: readonly Extent[]) =>
  Array.fromAsync(changedRanges(listed(...base), listed(...target)))

test('extents that are cut differently but lie in the same places are the same', async () => {
  const cut = [extent(0n, 4n, 100n), extent(4n, 12n, 104n), extent(12n, 20n, 112n)]
  expect(await changed([extent(0n, 20n, 100n)], cut)).toEqual([])
})

test('what was moved, added or taken away is named, and neighbours are one range', async () => {
  const base = [extent(0n, 8n, 100n), extent(16n, 24n, 200n)]
  const target = [extent(0n, 4n, 100n), extent(4n, 8n, 300n), extent(8n, 12n, 304n), extent(16n, 20n, 200n)]
  expect(await changed(base, target)).toEqual([range(4n, 8n), range(20n, 4n)])
})

test('where places can not be compared, everything counts as changed', async () => {
  const encoded = [extent(4n, 8n)]
  for (const other of [encoded, [], [extent(4n, 8n, 100n)]]) {
    expect(await changed(encoded, other)).toEqual([range(4n, 4n)])
    expect(await changed(other, encoded)).toEqual([range(4n, 4n)])
  }
})

test('what is allocated is named wherever it lies', async () => {
  const extents = listed(extent(4n, 8n, 900n), extent(8n, 12n), extent(20n, 24n, 100n))
  expect(await Array.fromAsync(allocatedRanges(extents))).toEqual([range(4n, 8n), range(20n, 4n)])
})
