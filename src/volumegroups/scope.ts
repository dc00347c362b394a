import type { Definition, Journal, RunOptions } from '../journal/index.ts'
import { CATALOGUE } from './catalogue.ts'
import type { Reader, Scope, Transactor } from './database.ts'
import { type Reason, StorageError } from './errors.ts'
import {
  diskIds,
  type InitiatorId,
  type ProjectId,
  policyIds,
  projectIds,
  ROOT_PROJECT_ID,
  recoveryPointIds,
  type VolumeGroupId,
  volumeGroupIds,
} from './ids.ts'
import { scopedPolicies } from './policies/scope.ts'
import type { Caller } from './ports.ts'
import { isWithin } from './rules/projects.ts'
import type { Disk, Initiator, Operation, ProjectPath } from './types.ts'

/**
 * What a caller of one project finds. Everything asks the same reader, and what is outside the project is not in
 * it: so the answer is the one for what does not exist, made by the same code. A reader's method that has no line
 * here does not compile.
 */
export async function readerFor(reader: Reader, caller: Caller | undefined): Promise<Reader> {
  if (caller === undefined || caller.projectId === ROOT_PROJECT_ID) return reader
  const project = await reader.project(caller.projectId)
  if (project === undefined) throw new StorageError('UNAUTHENTICATED', 'the project of the token is gone')
  return scopedReader(reader, { projectId: project.id, path: project.path, own: caller.initiatorId })
}

type Found = Omit<Reader, 'scope'>

function scopedReader(reader: Reader, scope: Scope): Reader {
  const within = scope.path
  const isIn = (path: ProjectPath): boolean => isWithin(path, within)
  const placed = async <Item extends { readonly groupId: VolumeGroupId }>(item: Item | undefined) => {
    const group = item && (await reader.group(item.groupId))
    return group && isIn(group.project) ? item : undefined
  }
  const group: Found['group'] = async (id) => {
    const found = await reader.group(id)
    return found && isIn(found.project) ? found : undefined
  }
  const inGroup = async <Value>(
    id: VolumeGroupId,
    value: () => Promise<Value>,
    none: Value,
  ): Promise<Value> => ((await group(id)) ? value() : none)
  const holders = { ...scopedInitiators(reader, scope), scope }
  const hiding = async (disk: Disk | undefined) => disk && hidingHolders(holders, disk)
  const found: Found = {
    ...scopedPlaces(reader, within),
    ...holders,
    ...scopedOperations(reader, scope),
    ...scopedPolicies(reader, within),
    ...NO_RECOVERIES,
    ...scopedDeletions(reader, { within, group }),
    owner: () => reader.owner(),
    group,
    groupNamed: async (path, name) => (isIn(path) ? reader.groupNamed(path, name) : undefined),
    groups: (query, slice) => reader.groups({ ...query, within }, slice),
    clashes: (id, path, limit) =>
      inGroup(id, async () => (isIn(path) ? reader.clashes(id, path, limit) : []), []),
    contents: (id, limit) => inGroup(id, () => reader.contents(id, limit), []),
    manifest: (id) => inGroup(id, () => reader.manifest(id), undefined),
    disk: async (id) => hiding(await placed(await reader.disk(id))),
    diskNamed: async (path, name) => (isIn(path) ? hiding(await reader.diskNamed(path, name)) : undefined),
    disks: async (query, slice) =>
      Promise.all(
        (await reader.disks({ ...query, within }, slice)).map((disk) => hidingHolders(holders, disk)),
      ),
    promisedBytes: () => reader.promisedBytes(),
    recoveryPoint: async (id) => placed(await reader.recoveryPoint(id)),
    recoveryPointNamed: async (path, name) =>
      isIn(path) ? reader.recoveryPointNamed(path, name) : undefined,
    recoveryPoints: (query, slice) => reader.recoveryPoints({ ...query, within }, slice),
    diskImages: (query, slice) => reader.diskImages({ ...query, within }, slice),
    grants: async (id) => (id && (await placed(await reader.disk(id))) ? reader.grants(id) : []),
  }
  return { ...found, scope }
}

/** They tell of all projects. */
const NO_RECOVERIES: Pick<Found, 'groupRows' | 'recovery' | 'recoveries'> = {
  groupRows: async () => [],
  recovery: async () => undefined,
  recoveries: async () => [],
}

/** Where a deleted disk was is where its group is, or was. */
function scopedDeletions(
  reader: Reader,
  { within, group }: { readonly within: ProjectPath; readonly group: Found['group'] },
): Pick<Found, 'deletedDisk' | 'deletedGroup' | 'deletedThings' | 'deletedSums'> {
  const deletedGroup: Found['deletedGroup'] = async (id) => {
    const found = await reader.deletedGroup(id)
    return found && isWithin(found.group.project, within) ? found : undefined
  }
  return {
    deletedGroup,
    deletedDisk: async (id) => {
      const found = await reader.deletedDisk(id)
      const groupId = found?.disk.groupId
      return groupId && ((await group(groupId)) ?? (await deletedGroup(groupId))) ? found : undefined
    },
    deletedSums: async () => [],
    deletedThings: (query, slice) => reader.deletedThings({ ...query, within }, slice),
  }
}

type Places =
  | 'project'
  | 'projectAt'
  | 'projects'
  | 'projectContents'
  | 'depthWithin'
  | 'stranded'
  | 'strandedPolicies'
type Tokens = 'token' | 'tokens' | 'tokenOf'

function scopedPlaces(reader: Reader, within: ProjectPath): Pick<Found, Places | Tokens> {
  const project: Found['project'] = async (id) => {
    const found = await reader.project(id)
    return found && isWithin(found.path, within) ? found : undefined
  }
  const token: Found['token'] = async (id) => {
    const found = await reader.token(id)
    return found && isWithin(found.project, within) ? found : undefined
  }
  return {
    project,
    projectAt: async (path) => (isWithin(path, within) ? reader.projectAt(path) : undefined),
    projects: (query, slice) => reader.projects({ ...query, within }, slice),
    projectContents: async (id, limit) =>
      (await project(id)) ? reader.projectContents(id, limit) : { first: [], count: 0 },
    depthWithin: async (path) => (isWithin(path, within) ? reader.depthWithin(path) : 0),
    stranded: (moved, to, limit) => reader.stranded(moved, to, limit),
    strandedPolicies: (moved, to, limit) => reader.strandedPolicies(moved, to, limit),
    token,
    tokens: (query, slice) => reader.tokens({ ...query, within }, slice),
    tokenOf: (sha256) => reader.tokenOf(sha256),
  }
}

type Initiators = 'lease' | 'initiator' | 'initiatorNamed' | 'initiators' | 'attachments' | 'countAttachments'

function scopedInitiators(reader: Reader, scope: Scope): Pick<Found, Initiators> {
  const { path: within, own } = scope
  return {
    initiator: async (id) => {
      const found = await reader.initiator(id)
      return found && sees(scope, found) ? found : undefined
    },
    lease: async (id) => {
      const found = await reader.initiator(id)
      return found && sees(scope, found) ? reader.lease(id) : undefined
    },
    initiatorNamed: (name) => reader.initiatorNamed(name, within),
    initiators: (query, slice) => reader.initiators({ ...query, within }, slice),
    attachments: (query, slice) => reader.attachments({ ...query, within, own }, slice),
    countAttachments: (id) => reader.countAttachments(id),
  }
}

function scopedOperations(reader: Reader, scope: Scope): Pick<Found, 'operation' | 'operations'> {
  const isSeen = async (id: string): Promise<boolean> => {
    if (id.startsWith('/')) return isWithin(id, scope.path)
    if (projectIds.is(id)) return isWithin((await reader.project(id))?.path ?? '/', scope.path)
    const initiator = await reader.initiator(id as InitiatorId)
    return initiator ? sees(scope, initiator) : NAMED.test(id)
  }
  /** What is not the caller's is left out of an operation, and what went wrong is told in general words. */
  const seenOperation = async (operation: Operation): Promise<Operation> => {
    const entities: string[] = []
    for (const id of operation.entities) if (await isSeen(id)) entities.push(id)
    const { error } = operation
    const meaning = error && (CATALOGUE[error.reason as Reason]?.meaning ?? 'It failed.')
    return { ...operation, entities, error: error && { reason: error.reason, message: meaning as string } }
  }
  return {
    operation: async (id) => {
      const [found] = await reader.operations({ id, within: scope.path }, { after: undefined, limit: 1 })
      return found && seenOperation(found)
    },
    operations: async (query, slice) =>
      Promise.all((await reader.operations({ ...query, within: scope.path }, slice)).map(seenOperation)),
  }
}

/** What belongs where its operation does. What is none of these is the id of an initiator that is gone. */
const NAMED = /^(vg|disk|rp|op|policy|token)-[0-9a-f-]{36}$/

/** Stands for an initiator of another project that holds a disk of this one. No initiator can have it as its id. */
export const HIDDEN_INITIATOR = 'outside the project' as InitiatorId

const sees = (scope: Scope | undefined, { id, project }: Initiator): boolean =>
  scope === undefined || id === scope.own || isWithin(project, scope.path)

/** The id of an initiator, for whoever may know it. */
export const seen = ({ scope }: Reader, initiator: Initiator): InitiatorId =>
  sees(scope, initiator) ? initiator.id : HIDDEN_INITIATOR

/** The disk as the reader's caller may see it. */
export async function hidingHolders(reader: Pick<Reader, 'initiator' | 'scope'>, disk: Disk): Promise<Disk> {
  if (reader.scope === undefined || disk.attachedTo.length === 0) return disk
  const holders = disk.attachedTo.map(async (id) => ((await reader.initiator(id)) ? id : HIDDEN_INITIATOR))
  return { ...disk, attachedTo: await Promise.all(holders) }
}

/** Runs operations for one caller: they find what it finds, and its keys are its own. */
export type Runner = Pick<Journal<Transactor>, 'run'>

/** The same, with what fails put otherwise. */
export const rephrasing = (runner: Runner, rephrase: (error: unknown) => Promise<unknown>): Runner => ({
  run: async (definition, request, options) => {
    try {
      return await runner.run(definition, request, options)
    } catch (error) {
      throw await rephrase(error)
    }
  },
})

export function runnerFor(journal: Runner, caller: Caller | undefined): Runner {
  return {
    run: (definition, request, { key, signal }: RunOptions = {}) => {
      const own = caller === undefined || key === undefined ? key : `${caller.id} ${key}`
      return journal.run(seenBy(definition, caller), request, { key: own, signal })
    },
  }
}

/** Only a plan looks at state for the caller; what follows does what the plan decided. */
function seenBy<Request, Intent, Result>(
  definition: Definition<Transactor, Request, Intent, Result>,
  caller: Caller | undefined,
): Definition<Transactor, Request, Intent, Result> {
  return {
    ...definition,
    plan: async (tx, request) => {
      const reader = await readerFor(tx, caller)
      const plan = await definition.plan(reader === tx ? tx : { ...tx, ...reader }, request)
      const entities = plan.met ? [plan.met.subject] : definition.entities(plan.intent)
      return { ...plan, realm: (await projectOf(reader, entities)) ?? caller?.projectId ?? ROOT_PROJECT_ID }
    },
  }
}

/** The project that the first of these that has one is in. */
async function projectOf(reader: Reader, entities: readonly string[]): Promise<ProjectId | undefined> {
  for (const id of entities) {
    if (projectIds.is(id)) return id
    const path = await placeOf(reader, id)
    const project = path === undefined ? undefined : await reader.projectAt(path)
    if (project) return project.id
  }
  return undefined
}

async function placeOf(reader: Reader, id: string): Promise<ProjectPath | undefined> {
  if (id.startsWith('/')) return id
  const groupPlace = async (groupId: VolumeGroupId) =>
    (await reader.group(groupId))?.project ?? (await reader.deletedGroup(groupId))?.group.project
  const inGroup = async (item: { readonly groupId: VolumeGroupId } | undefined) =>
    item && groupPlace(item.groupId)
  if (volumeGroupIds.is(id)) return groupPlace(id)
  if (diskIds.is(id)) return inGroup((await reader.disk(id)) ?? (await reader.deletedDisk(id))?.disk)
  if (recoveryPointIds.is(id)) return inGroup(await reader.recoveryPoint(id))
  if (policyIds.is(id)) return (await reader.policy(id))?.project
  return (await reader.initiator(id as InitiatorId))?.project
}
