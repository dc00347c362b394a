import { createHash } from 'node:crypto'
import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { InitiatorSpec } from '../ports.ts'
import type { Initiator } from '../types.ts'
import { exclusive, initiatorLock, type Parts } from './parts.ts'
import { refuseHolding } from './removeInitiator.ts'

interface Intent {
  readonly spec: InitiatorSpec
  readonly isNew: boolean
}

/** Makes an initiator known, with CHAP credentials of its own, or takes over what has changed of it. */
export function registerInitiator({
  now,
  newSecret,
}: Parts): Definition<Transactor, InitiatorSpec, Intent, Initiator> {
  return {
    kind: 'registerInitiator',
    plan: async (tx, spec) => {
      const known = await tx.initiator(spec.id)
      if (known?.name === spec.name && known.maxAttachments === spec.maxAttachments) {
        return { met: { result: withoutSecrets(known), subject: spec.id } }
      }
      await refuseNamesake(tx, spec)
      if (known && known.name !== spec.name) await refuseHolding(tx, spec.id)
      return { intent: { spec, isNew: known === undefined } }
    },
    locks: ({ spec }) => [exclusive(initiatorLock(spec.id))],
    subject: ({ spec }) => spec.id,
    entities: ({ spec }) => [spec.id],
    steps: [],
    commit: async (tx, { spec, isNew }) => {
      if (isNew) {
        const { id, name, maxAttachments } = spec
        const chap = newCredentials(spec, newSecret)
        await tx.insertInitiator({ id, name, maxAttachments, registeredAt: now(), chap })
      } else await tx.updateInitiator(spec.id, spec)
      const initiator = await tx.initiator(spec.id)
      return withoutSecrets(initiator as Initiator)
    },
    forward: [],
    supersedes: ['removeInitiator'],
  }
}

const withoutSecrets = ({ id, name, maxAttachments, registeredAt }: Initiator): Initiator => ({
  ...{ id, name, maxAttachments, registeredAt },
})

async function refuseNamesake(tx: Reader, { id, name }: InitiatorSpec): Promise<void> {
  const namesake = await tx.initiatorNamed(name)
  if (namesake === undefined || namesake.id === id) return
  throw new StorageError(
    'INITIATOR_NAME_TAKEN',
    `initiator ${namesake.id} has the iSCSI name ${name} already`,
    {
      entity: { kind: 'initiator', id: namesake.id },
    },
  )
}

/** User names that tell one initiator's accounts from another's, within what every target accepts. */
function newCredentials({ id }: InitiatorSpec, newSecret: () => string) {
  const suffix = createHash('sha256').update(id).digest('hex').slice(0, 16)
  const secret = newSecret()
  const mutual = { user: `target-${suffix}`, secret: newSecret() }
  return { user: `initiator-${suffix}`, secret, mutual }
}
