import { constants } from 'node:os'

/** Numbers of the FUSE wire format (Linux include/uapi/linux/fuse.h). Everything is little-endian here. */

export const IN_HEADER_BYTES = 40
export const OUT_HEADER_BYTES = 16
/** Where a write's data starts. */
export const WRITE_DATA_OFFSET = 80

export const PROTOCOL_MAJOR = 7
/** The newest minor that this server knows. */
export const PROTOCOL_MINOR = 40

export const MAX_IO_BYTES = 1024 * 1024
export const MAX_PAGES = 256
/** What one read of /dev/fuse may bring: the largest write and its headers. */
export const REQUEST_BYTES = MAX_IO_BYTES + 4096

/** Enough for the loop device's queue: with the default of 12, direct I/O is throttled. */
export const MAX_BACKGROUND = 256
export const CONGESTION_THRESHOLD = 192

export const OPCODE = {
  forget: 2,
  getattr: 3,
  setattr: 4,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  fallocate: 43,
  lseek: 46,
} as const

export const INIT_FLAG = {
  asyncRead: 1n << 0n,
  bigWrites: 1n << 5n,
  asyncDirectIo: 1n << 15n,
  maxPages: 1n << 22n,
  initExt: 1n << 30n,
  hasResend: 1n << 39n,
} as const

/** No FUSE_WRITEBACK_CACHE: it would answer a write before the device has it. */
export const WANTED_INIT_FLAGS = Object.values(INIT_FLAG).reduce((all, flag) => all | flag, 0n)

/** FOPEN_DIRECT_IO and FOPEN_PARALLEL_DIRECT_WRITES. */
export const OPEN_FLAGS = 0x1 | 0x40
export const SETATTR_SIZE = 0x8
export const FALLOCATE = { keepSize: 0x1, punchHole: 0x2, zeroRange: 0x10 } as const
export const SEEK = { data: 3, hole: 4 } as const
export const NOTIFY = { invalidateInode: 2, resend: 7 } as const
export const ROOT_NODE_ID = 1n

export const ERRNO = constants.errno

/** The answer to a request is this error number. */
export class FuseError extends Error {
  override readonly name = 'FuseError'
  readonly code: keyof typeof ERRNO

  constructor(code: keyof typeof ERRNO, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}
