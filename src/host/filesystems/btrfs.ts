import type { Filesystem, Superblock } from './filesystem.ts'

/**
 * Before Linux 6.7 two btrfs with one UUID can not be mounted on one host, and mounting the second can confuse the
 * first. So a disk's btrfs has the disk's own UUID: from the start where it is made, from the first mount on where it
 * came as a clone.
 */
export const btrfs: Filesystem = {
  minSizeBytes: 110n * 1024n ** 2n,
  superblock: { offset: 65536n, length: 4096 },
  parse,
  mkfs: ({ device, options, uuid, overwrite }) => ({
    file: 'mkfs.btrfs',
    args: ['-q', '-K', ...(overwrite ? ['-f'] : []), '-U', uuid, ...options, '--', device],
  }),
  setUuid: (device, uuid) => ({ file: 'btrfstune', args: ['-M', uuid, device] }),
  mountOptions: [],
  growMounted: (_, target) => ({ file: 'btrfs', args: ['filesystem', 'resize', 'max', target] }),
  growUnmounted: undefined,
}

/** Offsets from the btrfs on-disk format: log root, then the total of the one device in its own item. */
function parse(bytes: Buffer): Superblock {
  return {
    sizeBytes: bytes.readBigUInt64LE(0xd1),
    growthStepBytes: 1024n ** 2n,
    logDirty: bytes.readBigUInt64LE(0x60) !== 0n,
    unfinished: false, // mkfs writes the magic number last
  }
}
