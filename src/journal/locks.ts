import type { Lock } from './definition.ts'

export interface LockOwner {
  readonly operationId: string
  readonly kind: string
  readonly sinceMs: number
}

interface Held {
  readonly mode: Lock['mode']
  readonly owners: Set<LockOwner>
}

/** Locks on single entities, in memory. Nobody waits: a lock is had at once, or its holder is told. */
export class EntityLocks {
  readonly #held = new Map<string, Held>()

  /** Takes all of the locks or none; gives back the one that is in the way. */
  acquire(locks: readonly Lock[], owner: LockOwner): { entity: string; holder: LockOwner } | undefined {
    for (const { entity, mode } of locks) {
      const held = this.#held.get(entity)
      const holder = held?.owners.values().find((other) => other !== owner)
      if (holder && (mode === 'exclusive' || held?.mode === 'exclusive')) return { entity, holder }
    }
    for (const { entity, mode } of locks) {
      const held = this.#held.get(entity) ?? { mode, owners: new Set() }
      this.#held.set(entity, { mode, owners: held.owners.add(owner) })
    }
    return undefined
  }

  release(owner: LockOwner): void {
    for (const [entity, { owners }] of this.#held) {
      if (owners.delete(owner) && owners.size === 0) this.#held.delete(entity)
    }
  }
}
