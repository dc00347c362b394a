import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OrderedWriter } from './ordered-writer.ts'

/** So many files are kept: sequence i is a file of that name that says i. */
const KEPT = 64

/** Makes a file and flushes it and its directory, in each file system in turn. */
export async function writeFiles(mounts: readonly string[]): Promise<OrderedWriter> {
  const folders = mounts.map((mount) => join(mount, 'ordered'))
  for (const folder of folders) await mkdir(folder)
  return new OrderedWriter({
    disks: folders.length,
    write: async (disk, sequence) => {
      const folder = folders[disk]!
      await writeDurably(join(folder, String(sequence)), contentOf(sequence))
      await sync(folder)
      await rm(join(folder, String(sequence - KEPT)), { force: true })
    },
    close: async () => {},
  })
}

/** The last sequence in a file system. Throws when one before it is missing or torn. */
export async function lastOfFiles(mount: string): Promise<number> {
  const folder = join(mount, 'ordered')
  const last = Math.max(0, ...(await readdir(folder)).map(Number))
  for (let sequence = Math.max(1, last - KEPT + 1); sequence <= last; sequence += 1) {
    const content = await readFile(join(folder, String(sequence)), 'utf8')
    // The last may have been made, but not yet written.
    if (content === contentOf(sequence)) continue
    if (sequence === last) return last - 1
    throw new Error(`${mount}, last ${last}: file ${sequence} is not whole`)
  }
  return last
}

const contentOf = (sequence: number): string => `${sequence}\n`.repeat(1000)

async function writeDurably(file: string, content: string): Promise<void> {
  await using handle = await open(file, 'w')
  await handle.writeFile(content)
  await handle.sync()
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}
