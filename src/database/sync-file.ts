import { open } from 'node:fs/promises'

/** Makes what a file holds, or the names in a folder, durable. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
