import { storeContract } from '../contract/store.ts'
import { createMemoryPool, createMemoryStore } from './memory-store.ts'

storeContract('memory store', async () => {
  const pool = createMemoryPool(64n * 1024n * 1024n)
  const store = createMemoryStore(pool)
  return {
    store,
    read: async (path, offset, length) => store.open(path).read(offset, length),
    write: async (path, offset, data) => store.open(path).write(offset, data),
    trim: async (path, offset, length) => store.open(path).trim(offset, length),
    damageManifest: async (group) => store.damageManifest(group),
    quarantined: async () => [...pool.quarantine.keys()],
    reopen: () => createMemoryStore(pool),
    [Symbol.asyncDispose]: async () => {},
  }
})
