import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { OrderedWriter } from './ordered-writer.ts'

const BLOCK_BYTES = 4096
const BLOCK_WORDS = BLOCK_BYTES / 4
/** A disk begins with a ring of so many blocks: sequence i is the whole of block i mod SLOTS. */
const SLOTS = 256

/** Node.js has it, its types do not. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
}

/** Writes past the page cache, and flushes after each block. */
export async function writeRaw(paths: readonly string[]): Promise<OrderedWriter> {
  const handles = await Promise.all(paths.map((path) => open(path, constants.O_RDWR | constants.O_DIRECT)))
  const { buffer } = new WebAssembly.Memory({ initial: 1 }) // page-aligned, as O_DIRECT wants it
  const block = new Uint32Array(buffer, 0, BLOCK_WORDS)
  return new OrderedWriter({
    disks: handles.length,
    write: async (disk, sequence) => {
      block.fill(sequence)
      await handles[disk]!.write(new Uint8Array(buffer), 0, BLOCK_BYTES, (sequence % SLOTS) * BLOCK_BYTES)
      await handles[disk]!.datasync()
    },
    close: async () => {
      for (const handle of handles) await handle.close()
    },
  })
}

/** The last sequence in a disk or its image. Throws when one before it is missing or torn. */
export async function lastOfRing(path: string): Promise<number> {
  const ring = await readRing(path)
  const last = ring.reduce((greatest, word) => Math.max(greatest, word), 0)
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const expected = Math.max(0, last - ((((last - slot) % SLOTS) + SLOTS) % SLOTS))
    const words = ring.subarray(slot * BLOCK_WORDS, (slot + 1) * BLOCK_WORDS)
    if (words.some((word) => word !== expected)) {
      throw new Error(`${path}, last ${last}: block ${slot} has ${[...new Set(words)]} and not ${expected}`)
    }
  }
  return last
}

async function readRing(path: string): Promise<Uint32Array> {
  const ring = new Uint32Array(SLOTS * BLOCK_WORDS)
  await using handle = await open(path, 'r')
  const { bytesRead } = await handle.read(new Uint8Array(ring.buffer), 0, ring.byteLength, 0)
  if (bytesRead !== ring.byteLength) throw new Error(`${path} has only ${bytesRead} bytes`)
  return ring
}
