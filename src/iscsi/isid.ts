import { createHash } from 'node:crypto'

/** RFC 7143 §11.12.5: the "random" format, whose 46 bits are free. */
const RANDOM_FORMAT = 0x80

/**
 * The ISID that belongs to an id. The same id gives the same ISID, so that a new session takes the place of the one that
 * an earlier process left behind; different ids must not share one towards the same target, or they evict each other.
 */
export function isidOf(id: string): Uint8Array {
  const isid = new Uint8Array(createHash('sha256').update(id, 'utf8').digest().subarray(0, 6))
  isid[0] = RANDOM_FORMAT
  return isid
}
