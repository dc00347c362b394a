import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { StorageError } from '../errors.ts'
import { type ProjectId, ROOT_PROJECT_ID } from '../ids.ts'
import { MAX_LISTED } from '../limits.ts'
import { parentOf } from '../rules/projects.ts'
import type { Project, ProjectPath } from '../types.ts'
import { refuseFixed } from './moveProject.ts'
import { listed } from './parts.ts'
import { wholeLocks } from './places.ts'

interface Intent {
  readonly project: Project
  readonly parentId: ProjectId
}

/** Deletes a project that holds nothing. */
export function deleteProject(): Definition<Transactor, ProjectId, Intent, void> {
  return {
    kind: 'deleteProject',
    plan: async (tx, id) => {
      const project = await tx.project(id)
      if (project === undefined) return { met: { result: undefined, subject: id } }
      refuseFixed(tx, project)
      const { first, count } = await tx.projectContents(id, MAX_LISTED)
      if (count > 0) throw notEmpty(project, first, count)
      const parent = await tx.projectAt(parentOf(project.path) as ProjectPath)
      return { intent: { project, parentId: parent?.id ?? ROOT_PROJECT_ID } }
    },
    locks: ({ project }) => wholeLocks(project.path),
    subject: ({ project }) => project.id,
    entities: ({ project, parentId }) => [parentId, project.id],
    steps: [],
    commit: (tx, { project }) => tx.deleteProject(project.id),
    forward: [],
    supersedes: ['createProject', 'moveProject'],
  }
}

function notEmpty({ id, path }: Project, first: readonly string[], count: number): StorageError {
  const held = listed(first, MAX_LISTED, count)
  return new StorageError('PROJECT_NOT_EMPTY', `project ${path} holds ${held}; delete or move them first`, {
    entity: { kind: 'project', id },
  })
}
