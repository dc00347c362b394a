import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Serve } from '../serve.ts'

export function projectRoutes(serve: Serve, groups: VolumeGroups): void {
  serve('createProject', ({ body }, call) => groups.createProject(body.path, call))
  serve('getProject', ({ params }, call) => groups.getProject(params.projectId, call))
  serve('listProjects', ({ query }, call) => groups.listProjects(query, call))
  serve('moveProject', ({ params, body }, call) => groups.moveProject(params.projectId, body.path, call))
  serve('deleteProject', ({ params }, call) => groups.deleteProject(params.projectId, call))
}
