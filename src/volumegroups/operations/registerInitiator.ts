import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { type ProjectId, ROOT_PROJECT_ID } from '../ids.ts'
import type { InitiatorSpec } from '../ports.ts'
import { isWithin } from '../rules/projects.ts'
import type { Initiator, ProjectPath } from '../types.ts'
import { newCredentials } from './credentials.ts'
import { exclusive, initiatorLock, type Parts } from './parts.ts'
import { insideLocks } from './places.ts'
import { refuseHolding } from './removeInitiator.ts'

interface Intent {
  readonly spec: InitiatorSpec
  readonly project: ProjectPath
  readonly placeId: ProjectId
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
      refuseOthers(tx, spec)
      const known = await tx.initiator(spec.id)
      const project = projectFor(tx, known)
      const isSame = known?.name === spec.name && known.maxAttachments === spec.maxAttachments
      if (isSame && known.project === project) {
        return { met: { result: withoutSecrets(known), subject: spec.id } }
      }
      await refuseNamesake(tx, spec)
      if (known && known.name !== spec.name) await refuseHolding(tx, spec.id)
      if (known && known.project !== project) await refuseLeaving(tx, known, project)
      const place = await tx.projectAt(project)
      return { intent: { spec, project, placeId: place?.id ?? ROOT_PROJECT_ID, isNew: known === undefined } }
    },
    locks: ({ spec, project }) => [exclusive(initiatorLock(spec.id)), ...insideLocks(project)],
    subject: ({ spec }) => spec.id,
    entities: ({ spec, placeId }) => [placeId, spec.id],
    steps: [],
    commit: async (tx, { spec, project, isNew }) => {
      if (isNew) {
        const { id, name, maxAttachments } = spec
        const chap = newCredentials(id, newSecret)
        await tx.insertInitiator({ id, name, project, maxAttachments, registeredAt: now(), chap })
      } else await tx.updateInitiator(spec.id, { ...spec, project })
      const initiator = await tx.initiator(spec.id)
      return withoutSecrets(initiator as Initiator)
    },
    forward: [],
    supersedes: ['removeInitiator'],
  }
}

/**
 * Ids are one name space over all projects: who is confined to one registers only what its token names, so that
 * nobody can tell from a refusal which ids others have.
 */
function refuseOthers({ scope }: Reader, { id }: InitiatorSpec): void {
  if (scope === undefined || scope.own === id) return
  throw new StorageError(
    'PERMISSION_DENIED',
    `the token is not one of the initiator ${id}, and of one project only`,
  )
}

/** An initiator is in the project of the token that registers it, or where it was if that is in there. */
function projectFor({ scope }: Reader, known: Initiator | undefined): ProjectPath {
  const top = scope?.path ?? '/'
  return known && isWithin(known.project, top) ? known.project : top
}

async function refuseLeaving(tx: Reader, { id }: Initiator, project: ProjectPath): Promise<void> {
  const held = await tx.countAttachments(id)
  const kept = await tx.attachments(
    { initiatorId: id, within: project, own: id },
    { after: undefined, limit: held },
  )
  if (kept.length === held) return
  const message = `initiator ${id} has disks attached that are not in project ${project}; detach them first`
  throw new StorageError('INITIATOR_IN_USE', message, { entity: { kind: 'initiator', id } })
}

const withoutSecrets = ({ id, name, project, maxAttachments, registeredAt }: Initiator): Initiator => ({
  ...{ id, name, project, maxAttachments, registeredAt },
})

async function refuseNamesake(tx: Reader, { id, name }: InitiatorSpec): Promise<void> {
  const namesake = await tx.initiatorNamed(name)
  if (namesake === undefined || namesake.id === id) return
  throw new StorageError(
    'INITIATOR_NAME_TAKEN',
    `initiator ${namesake.id} has the iSCSI name ${name} already, so ${id} can not have it`,
    {
      entity: { kind: 'initiator', id: namesake.id },
    },
  )
}
