import { createHash } from 'node:crypto'
import type { DiskSpec, RecoveryPointSpec } from '../volumegroups/index.ts'

/**
 * The same for the same request: a caller that comes again finds the operation that its first call began. It follows
 * from the whole request, not from the name alone, so that another request under the same name is told what differs.
 */
export function idempotencyKeyOf(spec: DiskSpec | RecoveryPointSpec): string {
  const text = JSON.stringify(spec, (_name, value) => (typeof value === 'bigint' ? value.toString() : value))
  return `csi-${createHash('sha256').update(text).digest('hex')}`
}
