/** Splits a stream of bytes into lines. Throws a RangeError when one is longer than the limit. */
export class LineSplitter {
  readonly #maxBytes: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The lines that `chunk` completes, without their ends. */
  push(chunk: Buffer): readonly string[] {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end))
      lines.push(Buffer.concat(this.#rest).toString('utf8'))
      this.#rest = []
      this.#restBytes = 0
      from = end + 1
    }
    this.#keep(chunk.subarray(from))
    return lines
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length
    if (this.#restBytes > this.#maxBytes) throw new RangeError(`a line of more than ${this.#maxBytes} bytes`)
    if (part.length > 0) this.#rest.push(part)
  }
}
