import type { Lock } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError, Violations } from '../errors.ts'
import { projectIdFor } from '../ids.ts'
import { ancestryOf } from '../policies/effective.ts'
import { checkNewProject } from '../rules/projects.ts'
import type { Project, ProjectPath, VolumeGroup } from '../types.ts'
import { exclusive, shared } from './parts.ts'

/** Where something new is to go. */
export interface Place {
  readonly project: ProjectPath
  readonly createProject?: boolean | undefined
}

const placeLock = (path: ProjectPath): string => `project ${path}`
const namesLock = (path: ProjectPath): string => `the names in project ${path}`

/** Held while something is made in a project: it and those above it stay where they are. */
export const insideLocks = (path: ProjectPath): Lock[] => [
  ...ancestryOf(path).map((above) => shared(placeLock(above))),
  shared(namesLock(path)),
]

/** Held while a project comes, goes or moves: nothing is made in it meanwhile. */
export const wholeLocks = (path: ProjectPath): Lock[] => [
  ...ancestryOf(path).map((above) =>
    above === path ? exclusive(placeLock(above)) : shared(placeLock(above)),
  ),
]

/** Held while names come into a project all at once. */
export const arrivalLocks = (path: ProjectPath): Lock[] => [
  ...ancestryOf(path).map((above) => shared(placeLock(above))),
  exclusive(namesLock(path)),
]

/**
 * The project that something new goes to, or the nearest one above it when it is to be made as well. Refuses a
 * project that is not there, unless the request says to make it.
 */
export async function placeFor(tx: Reader, { project, createProject }: Place): Promise<Project> {
  const found = await tx.projectAt(project)
  if (found) return found
  const above = createProject ? await nearest(tx, project) : undefined
  if (above === undefined) throw noProject(project)
  const faults = new Violations()
  checkNewProject(faults, project)
  faults.throwIfAny()
  return above
}

async function nearest(tx: Reader, path: ProjectPath): Promise<Project | undefined> {
  for (const above of ancestryOf(path)) {
    const found = await tx.projectAt(above)
    if (found) return found
  }
  return undefined
}

export const noProject = (path: ProjectPath): StorageError =>
  new StorageError('PROJECT_NOT_FOUND', `there is no project ${path}`, {
    entity: { kind: 'project', id: path },
  })

/**
 * Makes what is missing of a group's path, as part of a change. The ids follow from the group: those that the
 * manifest tells of are those that are committed.
 */
export async function ensureProject(
  tx: Transactor,
  { id, project, createdAt }: Pick<VolumeGroup, 'id' | 'project' | 'createdAt'>,
): Promise<void> {
  for (const path of ancestryOf(project).toReversed()) {
    if (await tx.projectAt(path)) continue
    await tx.insertProject({ id: projectIdFor(path, id), path, generation: 1, createdAt })
  }
}
