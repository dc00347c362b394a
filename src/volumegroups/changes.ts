import { createHash, randomBytes } from 'node:crypto'
import type { Reader } from './database.ts'
import type { Deletions } from './deletions.ts'
import { tokenIds } from './ids.ts'
import type { LeaseBook } from './lease-book.ts'
import { createToken } from './operations/createToken.ts'
import { holdersOf } from './operations/grant.ts'
import type { operationsOf } from './operations/index.ts'
import { namedBy, silentOf } from './operations/revoke.ts'
import type { CallOptions, VolumeGroups } from './ports.ts'
import {
  checkDeletion,
  checkDisk,
  checkGroup,
  checkGroupChanges,
  checkGroupPoint,
  checkGrowth,
  checkInitiator,
  checkPath,
  checkRecoveryPoint,
  checkTerms,
  checkToken,
  checkUndeletion,
  checkWhy,
} from './rules/requests.ts'
import { hidingHolders, type Runner } from './scope.ts'

export interface ChangeParts {
  readonly runner: Runner
  readonly reader: Reader
  readonly operations: ReturnType<typeof operationsOf>
  readonly leases: LeaseBook
  readonly now: () => Date
}

type Changes =
  | ('createProject' | 'moveProject' | 'deleteProject' | 'createToken' | 'revokeToken')
  | ('createGroup' | 'updateGroup' | 'moveGroup' | 'createDisk' | 'growDisk')
  | ('deleteGroup' | 'deleteDisk' | 'undeleteGroup' | 'undeleteDisk' | 'purgeDeleted')
  | PointChanges
  | ('registerInitiator' | 'removeInitiator' | 'grant' | 'revoke')

const optionsOf = (call: CallOptions = {}) => ({ key: call.idempotencyKey, signal: call.signal })

/** A change is checked for what is wrong with the request itself, then run as an operation. */
export function changes(parts: ChangeParts): Pick<VolumeGroups, Changes> {
  const { runner, reader, operations } = parts
  return {
    ...projectChanges(parts),
    ...tokenChanges(parts),
    ...pointChanges(parts),
    ...deletions(parts),
    createGroup: async (spec, call) => {
      checkGroup(spec)
      return runner.run(operations.createGroup, spec, optionsOf(call))
    },
    updateGroup: async (id, changes, call) => {
      checkGroupChanges(changes)
      return runner.run(operations.updateGroup, { id, changes }, optionsOf(call))
    },
    createDisk: async (spec, call) => {
      checkDisk(spec)
      return runner.run(operations.createDisk, spec, optionsOf(call))
    },
    growDisk: async (id, size, call) => {
      checkGrowth(size)
      return hidingHolders(reader, await runner.run(operations.growDisk, { id, size }, optionsOf(call)))
    },
    registerInitiator: async (spec, call) => {
      checkInitiator(spec)
      return runner.run(operations.registerInitiator, spec, optionsOf(call))
    },
    removeInitiator: (id, call) => runner.run(operations.removeInitiator, id, optionsOf(call)),
    ...attachmentChanges(parts),
  }
}

function deletions({
  runner,
  reader,
  operations,
}: ChangeParts): Pick<VolumeGroups, Exclude<keyof Deletions, 'listDeleted'>> {
  return {
    deleteGroup: async (id, options, call) => {
      checkDeletion(options)
      const request = { id, ...options, actor: call?.caller?.id }
      return runner.run(operations.deleteGroup, request, optionsOf(call))
    },
    deleteDisk: async (id, options, call) => {
      checkDeletion(options)
      const request = { id, ...options, actor: call?.caller?.id }
      return runner.run(operations.deleteDisk, request, optionsOf(call))
    },
    undeleteGroup: async (id, options, call) => {
      checkUndeletion(options)
      return runner.run(operations.undeleteGroup, { id, ...options }, optionsOf(call))
    },
    undeleteDisk: async (id, options, call) => {
      checkUndeletion(options)
      const disk = await runner.run(operations.undeleteDisk, { id, ...options }, optionsOf(call))
      return hidingHolders(reader, disk)
    },
    purgeDeleted: (id, call) => runner.run(operations.purgeDeleted, { id }, optionsOf(call)),
  }
}

/** An initiator that has fallen silent may still use what it held: what fences it does more than a plain call. */
function attachmentChanges({
  runner,
  reader,
  operations,
  leases,
}: ChangeParts): Pick<VolumeGroups, 'grant' | 'revoke'> {
  return {
    grant: async (spec, call) => {
      const holders = await holdersOf({ leases }, reader, spec.diskId)
      const isHeld = holders.some(({ name, attachment }) => name !== spec.initiatorId && !attachment.shared)
      const operation = isHeld ? operations.takeOver : operations.grant // a lease may end between here and the plan
      return runner.run(operation, spec, optionsOf(call))
    },
    revoke: async (diskId, initiatorId, call) => {
      const request = { diskId, initiatorId }
      const silent = await silentOf({ leases }, reader, await namedBy(reader, request))
      const operation = silent.length > 0 ? operations.evict : operations.revoke
      return runner.run(operation, request, optionsOf(call))
    },
  }
}

type PointChanges =
  | ('createRecoveryPoint' | 'createGroupPoint' | 'deleteRecoveryPoint')
  | ('updateRecoveryPoint' | 'unlockRecoveryPoint')

function pointChanges({ runner, operations, now }: ChangeParts): Pick<VolumeGroups, PointChanges> {
  return {
    createRecoveryPoint: async (spec, call) => {
      checkRecoveryPoint(spec, now())
      return runner.run(operations.createRecoveryPoint, spec, optionsOf(call))
    },
    createGroupPoint: async (spec, call) => {
      checkGroupPoint(spec, now())
      return runner.run(operations.createRecoveryPoint, spec, optionsOf(call))
    },
    updateRecoveryPoint: async (id, terms, call) => {
      checkTerms(terms, now())
      return runner.run(operations.updateRecoveryPoint, { id, terms }, optionsOf(call))
    },
    unlockRecoveryPoint: async (id, why, call) => {
      checkWhy(why)
      return runner.run(operations.unlockRecoveryPoint, { id, why }, optionsOf(call))
    },
    deleteRecoveryPoint: (id, call) => runner.run(operations.deleteRecoveryPoint, id, optionsOf(call)),
  }
}

type ProjectChanges = 'createProject' | 'moveProject' | 'deleteProject' | 'moveGroup'

function projectChanges({ runner, operations }: ChangeParts): Pick<VolumeGroups, ProjectChanges> {
  return {
    createProject: async (path, call) => {
      checkPath('path', path)
      return runner.run(operations.createProject, path, optionsOf(call))
    },
    moveProject: async (id, path, call) => {
      checkPath('path', path)
      return runner.run(operations.moveProject, { id, path }, optionsOf(call))
    },
    deleteProject: (id, call) => runner.run(operations.deleteProject, id, optionsOf(call)),
    moveGroup: async (id, project, call) => {
      checkPath('project', project)
      return runner.run(operations.moveGroup, { id, project }, optionsOf(call))
    },
  }
}

function tokenChanges({
  runner,
  operations,
  now,
}: ChangeParts): Pick<VolumeGroups, 'createToken' | 'revokeToken'> {
  return {
    createToken: async (spec, call) => {
      checkToken(spec, now())
      // Whatever scans for secrets finds one by its prefix.
      const secret = `mooring_${randomBytes(32).toString('base64url')}`
      const made = { id: tokenIds.create(), sha256: createHash('sha256').update(secret).digest('hex') }
      const token = await runner.run(createToken({ now }, made), spec, optionsOf(call))
      return { token, secret: token.id === made.id ? secret : undefined }
    },
    revokeToken: (id, call) => runner.run(operations.revokeToken, id, optionsOf(call)),
  }
}
