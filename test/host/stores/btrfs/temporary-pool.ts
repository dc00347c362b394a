import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPool, type Pool } from '../../../../src/host/pool.ts'

/** A btrfs of its own in a temporary directory; all of it goes away when disposed of. */
export async function temporaryPool(sizeBytes = 1024n ** 3n): Promise<Pool> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-pool-'))
  const spec = { imageFile: join(directory, 'pool.img'), sizeBytes, mountPoint: join(directory, 'pool') }
  const pool = await openPool(spec)
  return {
    path: pool.path,
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}
