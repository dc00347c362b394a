import { Type } from 'typebox'
import { MAX_PROJECT_PATH_BYTES, type Project, type ProjectId } from '../../volumegroups/index.ts'
import { describe } from './calls.ts'
import { decodesTo, id, listQuery, pageOf, request, time } from './wire.ts'

export const projectId = () => id<ProjectId>('project', 'a project')

export const project = () =>
  Type.String({
    pattern: '^/([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?$',
    maxLength: MAX_PROJECT_PATH_BYTES,
    description: "A project's path, such as / or /team-a/db.",
  })

/** In a request that makes something in a project. */
export const createProject = () =>
  Type.Optional(
    Type.Boolean({
      description: 'Makes the project, and those above it, if there is none. Left out = false.',
    }),
  )

export const ProjectSchema = decodesTo<Project>()(
  Type.Object(
    { id: projectId(), path: Type.String(), generation: Type.Integer(), createdAt: time() },
    { title: 'Project' },
  ),
)

const params = Type.Object({ projectId: projectId() })
const path = request({ path: project() }, { title: 'ProjectRequest' })

export const projectCalls = {
  createProject: describe({
    method: 'POST',
    path: '/projects',
    summary: 'Makes a project in one that exists, or gives the one of this path.',
    body: path,
    answer: ProjectSchema,
  }),
  getProject: describe({
    method: 'GET',
    path: '/projects/:projectId',
    summary: 'Gives one project.',
    params,
    answer: ProjectSchema,
  }),
  listProjects: describe({
    method: 'GET',
    path: '/projects',
    summary: 'Lists projects: the one of a path, those directly in a parent, or all under one.',
    query: listQuery({
      path: Type.Optional(project()),
      parent: Type.Optional(project()),
      under: Type.Optional(project()),
    }),
    answer: pageOf(ProjectSchema, 'Project'),
  }),
  moveProject: describe({
    method: 'POST',
    path: '/projects/:projectId/move',
    summary: 'Gives a project, with all that is in it, another name or place: its whole new path.',
    params,
    body: path,
    answer: ProjectSchema,
  }),
  deleteProject: describe({
    method: 'DELETE',
    path: '/projects/:projectId',
    summary: 'Deletes a project that holds nothing. No error when it is gone.',
    params,
  }),
}
