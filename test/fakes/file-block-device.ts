import { type FileHandle, open } from 'node:fs/promises'
import type { BlockDevice } from '../../src/iscsi/block-device.ts'

const ZEROES = Buffer.alloc(1024 * 1024)

/** A file as a block device: it outlives the process that serves it. */
export async function openFileDevice(path: string, readOnly = false): Promise<BlockDevice> {
  const file = await open(path, readOnly ? 'r' : 'r+')
  return new FileBlockDevice(file, (await file.stat()).size, readOnly)
}

class FileBlockDevice implements BlockDevice {
  readonly blockSize = 512
  readonly readOnly: boolean
  sizeBytes: number
  readonly #file: FileHandle

  constructor(file: FileHandle, sizeBytes: number, readOnly: boolean) {
    this.#file = file
    this.sizeBytes = sizeBytes
    this.readOnly = readOnly
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#file.read(into, 0, into.length, offset)
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#file.write(data, 0, data.length, offset)
  }

  async flush(): Promise<void> {
    await this.#file.datasync()
  }

  async discard(offset: number, length: number): Promise<void> {
    await this.writeZeroes(offset, length)
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    for (let done = 0; done < length; done += ZEROES.length) {
      await this.write(offset + done, ZEROES.subarray(0, Math.min(ZEROES.length, length - done)))
    }
  }

  async refreshSize(): Promise<number> {
    this.sizeBytes = (await this.#file.stat()).size
    return this.sizeBytes
  }

  async close(): Promise<void> {
    if (!this.readOnly) await this.flush()
    await this.#file.close()
  }
}
