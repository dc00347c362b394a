import { readFileSync } from 'node:fs'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/** One transaction: the pages that it wrote. */
export type Commit = readonly number[]

/**
 * The transactions in the write-ahead log of a SQLite database: each ends with a frame that names the size of the
 * database (https://www.sqlite.org/fileformat2.html#walformat).
 */
export function commitsIn(databasePath: string): readonly Commit[] {
  const wal = readFileSync(`${databasePath}-wal`)
  if (wal.length < HEADER_BYTES) return []
  const pageBytes = wal.readUInt32BE(8)
  const salt = wal.subarray(16, 24)
  const commits: Commit[] = []
  let pages: number[] = []
  for (let at = HEADER_BYTES; at + FRAME_HEADER_BYTES <= wal.length; at += FRAME_HEADER_BYTES + pageBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break // left from an earlier round of the log
    pages.push(wal.readUInt32BE(at))
    if (wal.readUInt32BE(at + 4) === 0) continue
    commits.push(pages)
    pages = []
  }
  return commits
}
