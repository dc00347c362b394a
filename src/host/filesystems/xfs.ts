import type { Filesystem, Superblock } from './filesystem.ts'

/** XFS_MIN_AG_BLOCKS: a smaller last allocation group is left out. */
const MIN_GROUP_BLOCKS = 64n

/**
 * The kernel refuses to mount two xfs with one UUID unless `nouuid` is given. It always is: changing the UUID of a
 * clone needs a clean log, which the clone of a mounted disk does not have.
 */
export const xfs: Filesystem = {
  minSizeBytes: 300n * 1024n ** 2n,
  superblock: { offset: 0n, length: 512 },
  parse,
  mkfs: ({ device, options, overwrite }) => ({
    file: 'mkfs.xfs',
    args: ['-q', '-K', ...(overwrite ? ['-f'] : []), ...options, '--', device],
  }),
  setUuid: undefined,
  mountOptions: ['nouuid'],
  growMounted: (_, target) => ({ file: 'xfs_growfs', args: ['-d', '--', target] }),
  growUnmounted: undefined,
}

/** Offsets from the XFS on-disk format; all numbers are big-endian. */
function parse(bytes: Buffer): Superblock {
  const blockBytes = BigInt(bytes.readUInt32BE(4))
  return {
    sizeBytes: bytes.readBigUInt64BE(8) * blockBytes,
    growthStepBytes: MIN_GROUP_BLOCKS * blockBytes,
    logDirty: false, // only the log itself says so, and nothing here depends on it
    unfinished: bytes.readUInt8(126) !== 0,
  }
}
