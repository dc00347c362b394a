import type { VolumeGroups } from '../../volumegroups/index.ts'
import type { Caller } from './caller.ts'

type Projects = 'createProject' | 'getProject' | 'listProjects' | 'moveProject' | 'deleteProject'
type Tokens = 'createToken' | 'listTokens' | 'revokeToken'

/** The part of the endpoint that is about projects, and who may do what in them. */
export const projectEndpoint = (call: Caller): Pick<VolumeGroups, Projects | Tokens> => ({
  createProject: (path, options) => call('createProject', { body: { path } }, options),
  getProject: (projectId, options) => call('getProject', { params: { projectId } }, options),
  listProjects: (query = {}, options) => call('listProjects', { query }, options),
  moveProject: (projectId, path, options) =>
    call('moveProject', { params: { projectId }, body: { path } }, options),
  deleteProject: (projectId, options) => call('deleteProject', { params: { projectId } }, options),

  createToken: (body, options) => call('createToken', { body }, options),
  listTokens: (query = {}, options) => call('listTokens', { query }, options),
  revokeToken: (tokenId, options) => call('revokeToken', { params: { tokenId } }, options),
})
