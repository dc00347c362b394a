import type { Filesystem, Superblock } from './filesystem.ts'

const NEEDS_RECOVERY = 0x4
const DEFAULT_DESCRIPTOR_BYTES = 32
/** Bitmaps, superblock and the free blocks that the kernel wants in a last group; rounded up. */
const LAST_GROUP_SPARE_BLOCKS = 64n

/**
 * Two ext4 with one UUID can be mounted side by side, so the UUID of a clone stays: changing it would rewrite
 * checksums all over the disk.
 */
export const ext4: Filesystem = {
  minSizeBytes: 1024n ** 2n,
  superblock: { offset: 1024n, length: 1024 },
  parse,
  mkfs: ({ device, options, overwrite }) => ({
    file: 'mkfs.ext4',
    // A new disk is sparse: there is nothing to discard. Root needs no blocks of its own on a volume.
    args: ['-q', '-m', '0', '-E', 'nodiscard', ...(overwrite ? ['-F'] : []), ...options, '--', device],
  }),
  setUuid: undefined,
  mountOptions: [],
  growMounted: (device) => ({ file: 'resize2fs', args: ['--', device] }),
  growUnmounted: {
    check: (device) => ({ file: 'e2fsck', args: ['-f', '-p', '--', device] }),
    grow: (device) => ({ file: 'resize2fs', args: ['--', device] }),
  },
}

/** Offsets from the kernel's documentation of the ext4 superblock. */
function parse(bytes: Buffer): Superblock {
  const blockBytes = 1024n << BigInt(bytes.readUInt32LE(0x18))
  const blocks = (BigInt(bytes.readUInt32LE(0x150)) << 32n) | BigInt(bytes.readUInt32LE(0x04))
  const firstBlock = BigInt(bytes.readUInt32LE(0x14))
  const groupBlocks = BigInt(bytes.readUInt32LE(0x20))
  const endsAtGroup = (blocks - firstBlock) % groupBlocks === 0n
  return {
    sizeBytes: blocks * blockBytes,
    growthStepBytes:
      blockBytes * (endsAtGroup ? lastGroupBlocks(bytes, blocks / groupBlocks, blockBytes) : 1n),
    logDirty: (bytes.readUInt32LE(0x60) & NEEDS_RECOVERY) !== 0,
    unfinished: false, // mkfs writes the superblock last
  }
}

/** A new last group that could not hold its own tables is left out by mkfs, resize2fs and the kernel alike. */
function lastGroupBlocks(bytes: Buffer, groups: bigint, blockBytes: bigint): bigint {
  const inodesPerGroup = BigInt(bytes.readUInt32LE(0x28))
  const inodeBytes = BigInt(bytes.readUInt16LE(0x58))
  const reservedBlocks = BigInt(bytes.readUInt16LE(0xce))
  const descriptorBytes = BigInt(bytes.readUInt16LE(0xfe) || DEFAULT_DESCRIPTOR_BYTES)
  const tableBlocks = (inodesPerGroup * inodeBytes) / blockBytes
  const descriptorBlocks = ((groups + 1n) * descriptorBytes) / blockBytes + 1n
  return tableBlocks + descriptorBlocks + reservedBlocks + LAST_GROUP_SPARE_BLOCKS
}
