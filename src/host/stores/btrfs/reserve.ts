import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { min } from '../../../lib/bigints.ts'
import { run } from '../../exec.ts'
import { syncFilesystem } from './commands.ts'
import { fileAt, isFull, removeFile } from './files.ts'
import { reserveFile } from './layout.ts'
import { capacityOf } from './space.ts'

/** Of the pool. */
const RESERVE_FRACTION = 64n
const MAX_RESERVE_BYTES = 16n * 1024n ** 2n

/**
 * Does a small write that must be possible in a full pool as well, since nothing can be deleted from the pool without
 * it: space is set aside while there is enough, and given up when the write finds none.
 */
export async function withReserve<Result>(poolPath: string, write: () => Promise<Result>): Promise<Result> {
  const path = reserveFile(poolPath)
  try {
    const result = await write()
    await setAside(poolPath, path).catch(() => {}) // the next write tries again
    return result
  } catch (error) {
    if (!isFull(error) || (await fileAt(path)) === undefined) throw error
    await removeFile(path)
    await run(syncFilesystem(poolPath))
    return write()
  }
}

async function setAside(poolPath: string, path: string): Promise<void> {
  if (await fileAt(path)) return
  const { totalBytes, availableBytes } = await capacityOf(poolPath)
  const sizeBytes = min(totalBytes / RESERVE_FRACTION, MAX_RESERVE_BYTES)
  if (availableBytes < 4n * sizeBytes) return
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(randomBytes(Number(sizeBytes))) // nothing that could be compressed
  await file.sync()
}
