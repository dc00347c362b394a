import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Pool } from '../../../src/host/pool.ts'
import { createBtrfsStore } from '../../../src/host/stores/btrfs/store.ts'
import { operationsContract } from '../../contract/operations.ts'
import { createWorld } from '../../fakes/world.ts'
import { temporaryPool } from '../../host/stores/btrfs/temporary-pool.ts'

/** Sparse; every world's store sets some of it aside. */
const POOL_BYTES = 32n * 1024n ** 3n
let pool: Pool
let worlds = 0
beforeAll(async () => {
  pool = await temporaryPool(POOL_BYTES)
})
afterAll(() => pool?.[Symbol.asyncDispose]())

/** A store of its own for each world, in a folder of the one pool. */
async function createBtrfsWorld() {
  const poolPath = join(pool.path, `world-${worlds++}`)
  await mkdir(poolPath)
  return createWorld(createBtrfsStore({ poolPath }))
}

// The other half, `before`, is what the memory store's run tells apart; here it would only double the time.
operationsContract('btrfs store', createBtrfsWorld, {
  failures: ['fail after'],
  deaths: ['die after'],
  aways: false,
})
