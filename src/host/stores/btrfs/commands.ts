import type { Command } from '../../exec.ts'

const btrfs = (...args: readonly string[]): Command => ({ file: 'btrfs', args })

export const createSubvolume = (path: string): Command => btrfs('subvolume', 'create', path)

/** The kernel commits it to the disk before the program ends. */
export const snapshotReadOnly = (source: string, path: string): Command =>
  btrfs('subvolume', 'snapshot', '-r', source, path)

export const snapshotWritable = (source: string, path: string): Command =>
  btrfs('subvolume', 'snapshot', source, path)

export const makeReadOnly = (path: string): Command => btrfs('property', 'set', '-t', 's', path, 'ro', 'true')

export const deleteSubvolume = (path: string): Command => btrfs('subvolume', 'delete', path)

export const makeFilesystem = (path: string): Command => ({
  file: 'mkfs.btrfs',
  args: ['--quiet', '--label', 'mooring', path],
})
