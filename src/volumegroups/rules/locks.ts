import { StorageError } from '../errors.ts'
import type { RecoveryPoint } from '../types.ts'

/** Throws RECOVERY_POINT_LOCKED while the lock holds. */
export function refuseLocked({ id, lockedUntil }: RecoveryPoint, now: Date): void {
  if (lockedUntil === undefined || lockedUntil <= now) return
  const message = `recovery point ${id} is locked until ${lockedUntil.toISOString()}`
  throw new StorageError('RECOVERY_POINT_LOCKED', message, { entity: { kind: 'recoveryPoint', id } })
}
