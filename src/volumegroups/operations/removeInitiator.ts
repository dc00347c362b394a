import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { InitiatorId } from '../ids.ts'
import { exclusive, initiatorLock, listed } from './parts.ts'

interface Intent {
  readonly id: InitiatorId
}

/** Forgets an initiator that holds nothing. */
export function removeInitiator(): Definition<Transactor, InitiatorId, Intent, void> {
  return {
    kind: 'removeInitiator',
    plan: async (tx, id) => {
      if ((await tx.initiator(id)) === undefined) return { met: { result: undefined, subject: id } }
      await refuseHolding(tx, id)
      return { intent: { id } }
    },
    locks: ({ id }) => [exclusive(initiatorLock(id))],
    subject: ({ id }) => id,
    entities: ({ id }) => [id],
    steps: [],
    commit: (tx, { id }) => tx.deleteInitiator(id),
    forward: [],
    supersedes: ['registerInitiator'],
  }
}

export async function refuseHolding(tx: Reader, id: InitiatorId): Promise<void> {
  const held = await tx.attachments({ initiatorId: id }, { after: undefined, limit: 100 })
  if (held.length === 0) return
  const disks = listed(held.map(({ diskId }) => diskId))
  throw new StorageError('INITIATOR_IN_USE', `initiator ${id} has ${disks} attached; detach them first`, {
    entity: { kind: 'initiator', id },
  })
}
