import type { Definition } from '../../journal/index.ts'
import type { Transactor } from '../database.ts'
import { Violations } from '../errors.ts'
import { projectIds } from '../ids.ts'
import { checkNewProject, parentOf } from '../rules/projects.ts'
import type { Project, ProjectPath } from '../types.ts'
import type { Parts } from './parts.ts'
import { noProject, wholeLocks } from './places.ts'

interface Intent {
  readonly project: Project
  readonly parent: Project
}

/** Makes a project in one that exists. */
export function createProject({ now }: Parts): Definition<Transactor, ProjectPath, Intent, Project> {
  return {
    kind: 'createProject',
    plan: async (tx, path) => {
      const known = await tx.projectAt(path)
      if (known) return { met: { result: known, subject: known.id } }
      const above = parentOf(path) as ProjectPath
      const parent = await tx.projectAt(above)
      if (parent === undefined) throw noProject(above)
      const faults = new Violations()
      checkNewProject(faults, path)
      faults.throwIfAny()
      return {
        intent: { project: { id: projectIds.create(), path, generation: 1, createdAt: now() }, parent },
      }
    },
    locks: ({ project }) => wholeLocks(project.path),
    subject: ({ project }) => project.id,
    entities: ({ project, parent }) => [parent.id, project.id],
    steps: [],
    commit: async (tx, { project }) => {
      await tx.insertProject(project)
      return project
    },
    forward: [],
    supersedes: ['deleteProject', 'moveProject'],
  }
}
