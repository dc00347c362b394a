import type { Command } from '../../exec.ts'

const btrfs = (...args: readonly string[]): Command => ({ file: 'btrfs', args })

export const createSubvolume = (path: string): Command => btrfs('subvolume', 'create', path)

/** The kernel commits it to the disk before the program ends. */
export const snapshotReadOnly = (source: string, path: string): Command =>
  btrfs('subvolume', 'snapshot', '-r', source, path)

export const snapshotWritable = (source: string, path: string): Command =>
  btrfs('subvolume', 'snapshot', source, path)

/** Everything that was written before is on the disk when the program ends. */
export const syncFilesystem = (path: string): Command => btrfs('filesystem', 'sync', path)

/** Waits until subvolumes that were deleted take no space any more. */
export const awaitDeletions = (path: string): Command => btrfs('subvolume', 'sync', '-s', '1', path)

export const makeReadOnly = (path: string): Command => btrfs('property', 'set', '-t', 's', path, 'ro', 'true')

export const deleteSubvolume = (path: string): Command => btrfs('subvolume', 'delete', path)

export const makeFilesystem = (path: string): Command => ({
  file: 'mkfs.btrfs',
  args: ['--quiet', '--label', 'mooring', path],
})

/**
 * Lists the file's extents (FIEMAP, after a sync of the file) from an offset on, in units of 512 bytes and holes
 * included: no more of them than `maxRows`.
 */
export const listExtents = (path: string, fromBytes: bigint, maxRows: number): Command => ({
  file: 'xfs_io',
  args: ['-r', '-c', `fiemap -v -n ${maxRows} ${fromBytes}`, path],
})

/** The bytes in each file and folder below, in all and exclusively; blocks are looked up, so it takes its time. */
export const measureUsage = (path: string): Command => btrfs('filesystem', 'du', '--raw', path)
