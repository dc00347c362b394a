import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DiskId, RecoveryPointId } from '../../../src/volumegroups/index.ts'
import type { Site } from './site.ts'

/** What a pool holds, by hash: the disks, and each disk of each recovery point. */
export interface Content {
  readonly disks: ReadonlyMap<DiskId, string>
  readonly points: ReadonlyMap<RecoveryPointId, ReadonlyMap<string, string>>
}

export async function contentOf(poolPath: string): Promise<Content> {
  const disks = new Map<DiskId, string>()
  const points = new Map<RecoveryPointId, Map<string, string>>()
  for (const group of await namesIn(join(poolPath, 'vg'))) {
    const directory = join(poolPath, 'vg', group)
    for (const [id, hash] of await hashesIn(join(directory, 'active'))) disks.set(id as DiskId, hash)
    for (const point of await namesIn(join(directory, 'rp'))) {
      if (!point.endsWith('.staged'))
        points.set(point as RecoveryPointId, await hashesIn(join(directory, 'rp', point)))
    }
  }
  return { disks, points }
}

/** The hashes of everything that was put aside. */
export async function quarantinedHashes(poolPath: string): Promise<Set<string>> {
  const hashes = new Set<string>()
  const directory = join(poolPath, 'quarantine')
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const file of files) {
    if (file.isFile() && file.name.includes('.img'))
      hashes.add(await hashOf(join(file.parentPath, file.name)))
  }
  return hashes
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])

async function hashesIn(directory: string): Promise<Map<string, string>> {
  const hashes = new Map<string, string>()
  for (const name of await namesIn(directory)) {
    if (name.endsWith('.img')) hashes.set(name.slice(0, -4), await hashOf(join(directory, name)))
  }
  return hashes
}

/** Without the zeroes at the end: a disk that grew holds what it held. */
export async function hashOf(path: string): Promise<string> {
  const content = await readFile(path)
  let end = content.length
  while (end > 0 && content[end - 1] === 0) end -= 1
  return createHash('sha256').update(content.subarray(0, end)).digest('hex')
}

/** All that a start could change, to the row and the file. */
export async function everything({ host, poolPath, store }: Site): Promise<unknown> {
  return {
    database: rowsOf(host.databasePath),
    pool: await filesIn(poolPath),
    stored: await store.inventory(),
  }
}

const TABLES = `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`

export function rowsOf(path: string): Record<string, unknown[]> {
  using database = new DatabaseSync(path, { readOnly: true })
  const tables = database.prepare(TABLES).all() as { name: string }[]
  return Object.fromEntries(tables.map(({ name }) => [name, database.prepare(`select * from ${name}`).all()]))
}

async function filesIn(poolPath: string): Promise<string[]> {
  const files = await readdir(poolPath, { recursive: true })
  const described = files.map(async (name) => {
    const { size, mtimeMs, ino } = await stat(join(poolPath, name))
    return `${name} ${size} ${mtimeMs} ${ino}`
  })
  return (await Promise.all(described)).sort()
}
