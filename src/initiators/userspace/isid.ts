import { createHash } from 'node:crypto'

/**
 * A disk's initiator session id (RFC 7143 §11.12.5): random format, from the disk's id. One session for a disk,
 * always the same, so that a login after a crash takes the place of the session that was lost.
 */
export function isidOf(diskId: string): Buffer {
  const isid = createHash('sha256').update(diskId).digest().subarray(0, 6)
  isid[0] = 0x80 // type "random": the 24 bits that follow are a random number, the last 16 a qualifier
  return isid
}
