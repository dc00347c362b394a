import type { Command } from 'commander'
import {
  type Disk,
  type DiskId,
  diskIds,
  type EntityRef,
  type Page,
  type PageQuery,
  type PolicyId,
  type ProjectId,
  policyIds,
  projectIds,
  type Reason,
  type RecoveryPointId,
  recoveryPointIds,
  StorageError,
  type VolumeGroup,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../volumegroups/index.ts'
import { UsageError } from '../errors.ts'
import { readAll } from '../output/print.ts'
import type { Session } from '../session.ts'
import { naming, type ProjectOptions } from './options.ts'

/** Ids of what a person named. An id is taken as it is: whether there is such a thing, the call itself says. */

/** More namesakes, or points of one group, than this are not looked through. */
const MAX_LOOKED_THROUGH = 10_000

export async function groupIdOf(session: Session, text: string, project?: string): Promise<VolumeGroupId> {
  if (volumeGroupIds.is(text)) return text
  const groups = await every((page) => session.groups.listGroups({ ...page, name: text }, session.call))
  return only('volumeGroup', text, groups.filter(isIn(project))).id
}

export async function diskIdOf(session: Session, text: string, project?: string): Promise<DiskId> {
  if (diskIds.is(text)) return text
  const disks = await every((page) => session.groups.listDisks({ ...page, name: text }, session.call))
  return only('disk', text, await disksIn(session, disks, project)).id
}

/** A project is named by its path. */
export async function projectIdOf(session: Session, text: string): Promise<ProjectId> {
  if (projectIds.is(text)) return text
  const projects = await every((page) => session.groups.listProjects({ ...page, path: text }, session.call))
  return only('project', text, projects).id
}

export async function policyIdOf(session: Session, text: string, project?: string): Promise<PolicyId> {
  if (policyIds.is(text)) return text
  const policies = await every((page) => session.groups.listPolicies({ ...page, project }, session.call))
  const namesakes = policies.filter(({ name }) => name === text)
  return only('policy', text, namesakes).id
}

export interface PointOptions extends ProjectOptions {
  readonly vg?: string | undefined
}

/** For verbs that take the name of a recovery point: it says enough within its group only. */
export const pointNaming = (command: Command): Command =>
  naming(command).option('--vg <vg>', 'the volume group in which the recovery point’s name is looked up')

export async function recoveryPointIdOf(
  session: Session,
  text: string,
  { vg, project }: PointOptions,
): Promise<RecoveryPointId> {
  if (recoveryPointIds.is(text)) return text
  if (vg === undefined) {
    throw new UsageError(`${text} is no id of a recovery point; to use its name, say its --vg`)
  }
  const groupId = await groupIdOf(session, vg, project)
  const points = await every((page) => session.groups.listRecoveryPoints({ ...page, groupId }, session.call))
  const namesakes = points.filter(({ name }) => name === text)
  return only('recoveryPoint', text, namesakes).id
}

async function disksIn(session: Session, disks: readonly Disk[], project?: string): Promise<readonly Disk[]> {
  if (project === undefined) return disks
  const groups = await Promise.all(disks.map(({ groupId }) => session.groups.getGroup(groupId, session.call)))
  return disks.filter((_, index) => isIn(project)(groups[index] as VolumeGroup))
}

const isIn =
  (project: string | undefined) =>
  (group: VolumeGroup): boolean =>
    project === undefined || group.project === project

const every = async <Item>(read: (page: PageQuery) => Promise<Page<Item>>): Promise<readonly Item[]> =>
  (await readAll(read, MAX_LOOKED_THROUGH)).items

const NOT_FOUND = {
  volumeGroup: 'VOLUME_GROUP_NOT_FOUND',
  disk: 'DISK_NOT_FOUND',
  project: 'PROJECT_NOT_FOUND',
  policy: 'POLICY_NOT_FOUND',
  recoveryPoint: 'RECOVERY_POINT_NOT_FOUND',
} as const satisfies Partial<Record<EntityRef['kind'], Reason>>

const WORDS = {
  volumeGroup: 'volume group',
  disk: 'disk',
  project: 'project',
  policy: 'policy',
  recoveryPoint: 'recovery point',
} as const satisfies Record<keyof typeof NOT_FOUND, string>

function only<Item extends { readonly id: string }>(
  kind: keyof typeof NOT_FOUND,
  name: string,
  [found, ...others]: readonly Item[],
): Item {
  if (found === undefined) throw new StorageError(NOT_FOUND[kind], `there is no ${WORDS[kind]} ${name}`)
  if (others.length === 0) return found
  const ids = [found, ...others].map(({ id }) => id).join(', ')
  throw new StorageError('INVALID_ARGUMENT', `several are called ${name}: ${ids}`, {
    fix: `Use the id of the ${WORDS[kind]}, or say in which --project it is.`,
  })
}
