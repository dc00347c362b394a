import { createHash, randomBytes } from 'node:crypto'
import {
  type MadeToken,
  type Page,
  type PageQuery,
  type Project,
  type ProjectFilter,
  type ProjectId,
  type ProjectPath,
  projectIds,
  ROOT_PROJECT_ID,
  type Token,
  type TokenId,
  type TokenSpec,
  tokenIds,
  Violations,
  type VolumeGroup,
  type VolumeGroupId,
} from '../../src/volumegroups/index.ts'
import { ancestryOf } from '../../src/volumegroups/policies/effective.ts'
import { checkNewProject, isWithin, movedPath, parentOf } from '../../src/volumegroups/rules/projects.ts'
import { type FakeState, fail } from './fake-state.ts'
import { FakeTable } from './fake-table.ts'

/** The projects and tokens of an element of fakes. All callers are its administrator's. */
export class FakeProjects {
  readonly #state: FakeState
  readonly #projects = new FakeTable<Project>('projects')
  readonly #tokens = new FakeTable<Token>('tokens')

  constructor(state: FakeState) {
    this.#state = state
    this.#projects.put(ROOT_PROJECT_ID, newProject('/', ROOT_PROJECT_ID))
  }

  at(path: ProjectPath): Project | undefined {
    return this.#projects.find((project) => project.path === path)
  }

  get(id: ProjectId): Project {
    return this.#projects.get(id) ?? fail('PROJECT_NOT_FOUND', { kind: 'project', id })
  }

  list(query: ProjectFilter): Page<Project> {
    const { path, parent, under } = query
    return this.#projects.page(
      query,
      (project) =>
        (path === undefined || project.path === path) &&
        (parent === undefined || parentOf(project.path) === parent) &&
        (under === undefined || (project.path !== under && isWithin(project.path, under))),
    )
  }

  create(path: ProjectPath): Project {
    const known = this.at(path)
    if (known) return known
    this.#refuseMissing(parentOf(path) as ProjectPath)
    return this.#add(path)
  }

  /** The place of something new. */
  ensure({ project, createProject }: { project: ProjectPath; createProject?: boolean | undefined }): void {
    if (!createProject) this.#refuseMissing(project)
    for (const path of ancestryOf(project).toReversed()) if (this.at(path) === undefined) this.#add(path)
  }

  #add(path: ProjectPath): Project {
    checkNew(path)
    const project = newProject(path)
    return this.#projects.put(project.id, project)
  }

  #refuseMissing(path: ProjectPath): void {
    if (this.at(path) === undefined) fail('PROJECT_NOT_FOUND', { kind: 'project', id: path })
  }

  move(id: ProjectId, to: ProjectPath): Project {
    const moved = this.get(id)
    const { path: from } = moved
    const entity = { kind: 'project', id } as const
    if (from === '/') fail('ROOT_PROJECT_FIXED', entity)
    if (from === to) return moved
    this.#refuseMissing(parentOf(to) ?? '/')
    checkNew(to)
    if (isWithin(to, from)) fail('PROJECT_CYCLE', entity)
    if (this.at(to)) fail('NAME_TAKEN', entity)
    for (const project of this.#projects.filter(({ path }) => isWithin(path, from))) {
      const path = movedPath(project.path, from, to)
      this.#projects.put(project.id, { ...project, path, generation: project.generation + 1 })
    }
    for (const group of this.#state.groups.filter(({ project }) => isWithin(project, from))) {
      const project = movedPath(group.project, from, to)
      this.#state.groups.put(group.id, { ...group, project, generation: group.generation + 1 })
    }
    return this.get(id)
  }

  delete(id: ProjectId): void {
    const project = this.#projects.get(id)
    if (project === undefined) return
    const entity = { kind: 'project', id } as const
    if (project.path === '/') fail('ROOT_PROJECT_FIXED', entity)
    const held = [
      ...this.#projects.filter(({ path }) => parentOf(path) === project.path).map(({ path }) => path),
      ...this.#state.groups.filter((group) => group.project === project.path).map((group) => group.id),
      ...this.#tokens.filter((token) => token.project === project.path).map((token) => token.id),
    ]
    if (held.length > 0) fail('PROJECT_NOT_EMPTY', entity, `it holds ${held.join(', ')}`)
    this.#projects.delete(id)
  }

  moveGroup(id: VolumeGroupId, project: ProjectPath): VolumeGroup {
    const group = this.#state.group(id)
    this.#refuseMissing(project)
    if (group.project === project) return group
    const clashes = [this.#state.groupNamed(project, group.name)?.name, ...this.#clashing(id, project)]
    const found = clashes.filter((name) => name !== undefined)
    if (found.length > 0) fail('NAME_TAKEN', { kind: 'volumeGroup', id }, `taken are ${found.join(', ')}`)
    return this.#state.groups.put(id, { ...group, project, generation: group.generation + 1 })
  }

  /** Disks and recovery points, told apart by their noun. */
  #clashing(id: VolumeGroupId, project: ProjectPath): string[] {
    const { disks, points } = this.#state
    const tables = [
      { noun: 'disk', rows: disks.filter(() => true) },
      { noun: 'recovery point', rows: points.filter(() => true) },
    ]
    return tables.flatMap(({ noun, rows }) => {
      const there = rows.filter(({ groupId }) => this.#state.group(groupId).project === project)
      const brought = new Set(rows.filter(({ groupId }) => groupId === id).map(({ name }) => name))
      return there.filter(({ name }) => brought.has(name)).map(({ name }) => `${noun} "${name}"`)
    })
  }

  createToken(spec: TokenSpec): MadeToken {
    this.#refuseMissing(spec.project)
    const token = { id: tokenIds.create(), ...spec, createdAt: new Date() }
    this.#tokens.put(token.id, token)
    return { token, secret: createHash('sha256').update(randomBytes(32)).digest('hex') }
  }

  tokens(query: PageQuery): Page<Token> {
    return this.#tokens.page(query, () => true)
  }

  revokeToken(id: TokenId): void {
    this.#tokens.delete(id)
  }
}

const newProject = (path: ProjectPath, id = projectIds.create()): Project => ({
  ...{ id, path, generation: 1, createdAt: new Date() },
})

function checkNew(path: ProjectPath): void {
  const faults = new Violations()
  checkNewProject(faults, path)
  faults.throwIfAny()
}
