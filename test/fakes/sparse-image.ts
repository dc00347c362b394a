export const BLOCK_BYTES = 4096

/** A sparse file in memory. Reads and writes may cross blocks; what was never written reads as zeroes. */
export interface SparseImage {
  readonly sizeBytes: bigint
  read(offset: number, length: number): Buffer
  write(offset: number, data: Uint8Array): void
  grow(sizeBytes: bigint): void
  clone(): SparseImage
  /** Its blocks by number; clones share those that neither has written since. */
  readonly blocks: ReadonlyMap<number, Buffer>
  /** Whole blocks that read as zeroes from now on. */
  trim(offset: number, length: number): void
}

export function createSparseImage(
  sizeBytes: bigint,
  from: ReadonlyMap<number, Buffer> = new Map(),
): SparseImage {
  const blocks = new Map(from)
  let size = sizeBytes
  const checkRange = (offset: number, length: number): void => {
    if (offset < 0 || BigInt(offset + length) > size) throw new RangeError('beyond the end of the image')
  }
  return {
    get sizeBytes() {
      return size
    },
    read: (offset, length) => {
      checkRange(offset, length)
      const out = Buffer.alloc(length)
      for (const { index, start, at, count } of pieces(offset, length)) {
        blocks.get(index)?.copy(out, at, start, start + count)
      }
      return out
    },
    write: (offset, data) => {
      checkRange(offset, data.length)
      for (const { index, start, at, count } of pieces(offset, data.length)) {
        const block = Buffer.from(blocks.get(index) ?? Buffer.alloc(BLOCK_BYTES)) // a copy: clones share blocks
        block.set(data.subarray(at, at + count), start)
        blocks.set(index, block)
      }
    },
    grow: (sizeBytes) => {
      if (sizeBytes > size) size = sizeBytes
    },
    clone: () => createSparseImage(size, blocks),
    blocks,
    trim: (offset, length) => {
      checkRange(offset, length)
      for (const { index } of pieces(offset, length)) blocks.delete(index)
    },
  }
}

function* pieces(offset: number, length: number) {
  for (let at = 0; at < length; ) {
    const index = Math.floor((offset + at) / BLOCK_BYTES)
    const start = (offset + at) % BLOCK_BYTES
    const count = Math.min(BLOCK_BYTES - start, length - at)
    yield { index, start, at, count }
    at += count
  }
}
