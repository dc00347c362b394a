import { fdatasyncSync, openSync, writeSync } from 'node:fs'

/**
 * Writes numbered blocks to a device, one after another, and says of each when it was durable: a line with its number
 * and the machine's monotonic time in ns. Ends with the first error.
 */
const [device, first, blocks] = process.argv.slice(2) as [string, string, string]
const BLOCK = 4096
const fd = openSync(device, 'r+')
const block = Buffer.alloc(BLOCK)
for (let number = BigInt(first); ; number += 1n) {
  block.writeBigUInt64LE(number)
  writeSync(fd, block, 0, BLOCK, Number(number % BigInt(blocks)) * BLOCK)
  fdatasyncSync(fd)
  writeSync(1, `${number} ${process.hrtime.bigint()}\n`)
}
