import type { Definition } from '../../journal/index.ts'
import type { Reader, Transactor } from '../database.ts'
import { StorageError, Violations } from '../errors.ts'
import type { ProjectId } from '../ids.ts'
import { MAX_PROJECT_DEPTH } from '../limits.ts'
import { checkNewProject, depthOf, isWithin, parentOf } from '../rules/projects.ts'
import type { Project, ProjectPath } from '../types.ts'
import { writesManifestsBelow } from './manifests-below.ts'
import { notFound, type Parts, refuseStranded } from './parts.ts'
import { noProject, wholeLocks } from './places.ts'

interface Request {
  readonly id: ProjectId
  readonly path: ProjectPath
}

interface Intent {
  readonly id: ProjectId
  readonly from: ProjectPath
  readonly to: ProjectPath
  readonly parentId: ProjectId
}

/**
 * Moves a project with all that is in it, or gives it another name: one transaction, then the manifests, which say
 * in which project their groups are.
 */
export function moveProject(parts: Parts): Definition<Transactor, Request, Intent, Project> {
  return {
    kind: 'moveProject',
    plan: async (tx, { id, path: to }) => {
      const project = await tx.project(id)
      if (project === undefined) throw notFound({ kind: 'project', id })
      refuseFixed(tx, project)
      if (project.path === to) return { met: { result: project, subject: id } }
      const parent = await destinationOf(tx, project, to)
      await refuseStranded(tx, { project: project.path }, to)
      return { intent: { id, from: project.path, to, parentId: parent.id } }
    },
    locks: ({ from, to }) => [...wholeLocks(from), ...wholeLocks(to)],
    subject: ({ id }) => id,
    entities: ({ id, parentId }) => [id, parentId],
    steps: [],
    commit: async (tx, { id, from, to }) => {
      await refuseStranded(tx, { project: from }, to) // again: a disk may have been granted, or a policy set
      await tx.moveProject(id, to)
      return (await tx.project(id)) as Project
    },
    forward: [writesManifestsBelow(parts, ({ to }) => [{ kind: 'project', path: to }])],
    supersedes: ['createProject', 'moveProject'],
  }
}

/** What a token is confined to has a place among what its owner can't see. */
export function refuseFixed(tx: Reader, { path, id }: Project): void {
  const entity = { kind: 'project', id } as const
  if (path === '/') throw new StorageError('ROOT_PROJECT_FIXED', 'the project / stays what it is', { entity })
  if (tx.scope?.path !== path) return
  const message = `the token is confined to project ${path}: only a token of a project above it can change that`
  throw new StorageError('PERMISSION_DENIED', message, { entity })
}

async function destinationOf(tx: Reader, project: Project, to: ProjectPath): Promise<Project> {
  const entity = { kind: 'project', id: project.id } as const
  const above = parentOf(to) ?? '/'
  const parent = await tx.projectAt(above)
  if (parent === undefined) throw noProject(above)
  const faults = new Violations()
  checkNewProject(faults, to)
  faults.throwIfAny()
  if (isWithin(to, project.path)) {
    throw new StorageError('PROJECT_CYCLE', `${to} is in ${project.path} itself`, { entity })
  }
  const taken = await tx.projectAt(to)
  if (taken)
    throw new StorageError('NAME_TAKEN', `there is a project ${to} already`, {
      entity: { ...entity, id: taken.id },
    })
  const depth = depthOf(to) + (await tx.depthWithin(project.path)) - depthOf(project.path)
  if (depth > MAX_PROJECT_DEPTH) {
    const message = `projects would be ${depth} deep, more than ${MAX_PROJECT_DEPTH}`
    throw new StorageError('LIMIT_REACHED', message, { entity })
  }
  return parent
}
