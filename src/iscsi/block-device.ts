/** Random-access block storage, as an initiator's disk presents it. Offsets and lengths are whole blocks. */
export interface BlockDevice {
  /** Bytes; a power of two from 512 to 4096. */
  readonly blockSize: number
  /** Below 2^53. */
  readonly sizeBytes: number
  readonly readOnly: boolean
  /** Fills `into`, which stays the caller's and must not be touched until the promise settles. */
  read(offset: number, into: Uint8Array): Promise<void>
  /** `data` must not change until the promise settles. */
  write(offset: number, data: Uint8Array): Promise<void>
  /** What was written before is durable when it returns. */
  flush(): Promise<void>
  /** The range may be given back; it reads as zeroes. */
  discard(offset: number, length: number): Promise<void>
  writeZeroes(offset: number, length: number): Promise<void>
  /** Asks for the size again; gives it back. */
  refreshSize(): Promise<number>
  /** Flushes and lets go. */
  close(): Promise<void>
}
