import type { ProjectId, TokenId, VolumeGroupId } from './ids.ts'
import type { Caller, CallOptions } from './ports.ts'
import type { Page, PageQuery, Project, ProjectPath, Role, Token, VolumeGroup } from './types.ts'

/** What a token proves. */
export interface KnownToken {
  readonly role: Role
  readonly caller: Caller
}

export interface ProjectFilter extends PageQuery {
  readonly path?: ProjectPath | undefined
  /** Those directly in it. */
  readonly parent?: ProjectPath | undefined
  /** Those in it, at any depth. */
  readonly under?: ProjectPath | undefined
}

export type TokenSpec = Omit<Token, 'id' | 'createdAt'>

/** The secret is told here, and nowhere ever again: undefined when the call was a repetition. */
export interface MadeToken {
  readonly token: Token
  readonly secret: string | undefined
}

/** The part of the domain port that is about projects, and about who may do what in them. */
export interface Projects {
  /** Idempotent by path. Its parent must be there. */
  createProject(path: ProjectPath, call?: CallOptions): Promise<Project>
  getProject(id: ProjectId, call?: CallOptions): Promise<Project>
  listProjects(query?: ProjectFilter, call?: CallOptions): Promise<Page<Project>>
  /** Gives it, with all that is in it, another name or place: its whole new path. */
  moveProject(id: ProjectId, path: ProjectPath, call?: CallOptions): Promise<Project>
  /** Refuses one that holds anything. OK when it is gone already. */
  deleteProject(id: ProjectId, call?: CallOptions): Promise<void>

  createToken(spec: TokenSpec, call?: CallOptions): Promise<MadeToken>
  listTokens(query?: PageQuery, call?: CallOptions): Promise<Page<Token>>
  /** Good for no call after this one. OK when it is gone already. */
  revokeToken(id: TokenId, call?: CallOptions): Promise<void>

  /** Refuses when the project has a name that the group, a disk or a recovery point of it brings. */
  moveGroup(id: VolumeGroupId, project: ProjectPath, call?: CallOptions): Promise<VolumeGroup>
}
