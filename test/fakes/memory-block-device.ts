import type { BlockDevice } from '../../src/iscsi/block-device.ts'

export interface MemoryBlockDeviceOptions {
  readonly sizeBytes: number
  readonly blockSize?: number
  readonly readOnly?: boolean
}

/** A block device in memory. `nextError` fails the next call; `calls` says what was asked. */
export class MemoryBlockDevice implements BlockDevice {
  readonly blockSize: number
  readonly readOnly: boolean
  readonly calls: string[] = []
  nextError: Error | undefined
  /** What refreshSize will find. */
  sizeAtTarget: number
  #data: Buffer

  constructor(options: MemoryBlockDeviceOptions) {
    this.#data = Buffer.alloc(options.sizeBytes)
    this.sizeAtTarget = options.sizeBytes
    this.blockSize = options.blockSize ?? 512
    this.readOnly = options.readOnly ?? false
  }

  get sizeBytes(): number {
    return this.#data.length
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#called(`read ${offset} ${into.length}`)
    into.set(this.#data.subarray(offset, offset + into.length))
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#called(`write ${offset} ${data.length}`)
    this.#data.set(data, offset)
  }

  async flush(): Promise<void> {
    this.#called('flush')
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#called(`discard ${offset} ${length}`)
    this.#data.fill(0, offset, offset + length)
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#called(`writeZeroes ${offset} ${length}`)
    this.#data.fill(0, offset, offset + length)
  }

  async refreshSize(): Promise<number> {
    this.#called('refreshSize')
    const larger = Buffer.alloc(this.sizeAtTarget)
    this.#data.copy(larger)
    this.#data = larger
    return this.sizeBytes
  }

  async close(): Promise<void> {
    this.#called('close')
  }

  #called(call: string): void {
    this.calls.push(call)
    const error = this.nextError
    this.nextError = undefined
    if (error !== undefined) throw error
  }
}
