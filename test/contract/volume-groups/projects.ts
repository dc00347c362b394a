import { expect, test } from 'vitest'
import {
  MAX_PROJECT_DEPTH,
  projectIds,
  ROOT_PROJECT_ID,
  type VolumeGroups,
} from '../../../src/volumegroups/index.ts'
import { addDisk, type Make, readAll, refused } from './helpers.ts'

const pathsOf = async (groups: VolumeGroups, query: object = {}): Promise<string[]> =>
  (await readAll((page) => groups.listProjects({ ...query, ...page }), 2)).map(({ path }) => path).sort()

async function tree(groups: VolumeGroups, ...paths: string[]): Promise<void> {
  for (const path of paths) await groups.createProject(path)
}

export function projectsContract(make: Make): void {
  creation(make)
  places(make)
  moves(make)
  groupMoves(make)
  deletion(make)
}

function creation(make: Make): void {
  test('the root is there, and projects are made once for a path', async () => {
    await using made = await make()
    const { groups } = made
    expect(await groups.getProject(ROOT_PROJECT_ID)).toMatchObject({ path: '/' })
    const project = await groups.createProject('/a')
    expect(projectIds.is(project.id)).toBe(true)
    expect(project).toMatchObject({ path: '/a', generation: 1, createdAt: expect.any(Date) })
    expect(await groups.createProject('/a')).toEqual(project)
    expect(await groups.getProject(project.id)).toEqual(project)
    const id = projectIds.create()
    await refused(groups.getProject(id), 'PROJECT_NOT_FOUND', { entity: { kind: 'project', id } })
  })

  test('lists give one, the children of one, or all under one, in pages', async () => {
    await using made = await make()
    const { groups } = made
    await tree(groups, '/a', '/a/b', '/a/b/c', '/ab', '/a/d')
    expect(await pathsOf(groups)).toEqual(['/', '/a', '/a/b', '/a/b/c', '/a/d', '/ab'])
    expect(await pathsOf(groups, { parent: '/a' })).toEqual(['/a/b', '/a/d'])
    expect(await pathsOf(groups, { under: '/a' })).toEqual(['/a/b', '/a/b/c', '/a/d'])
    expect(await pathsOf(groups, { under: '/' })).toHaveLength(5)
    expect(await pathsOf(groups, { path: '/a/b' })).toEqual(['/a/b'])
    expect(await pathsOf(groups, { parent: '/nowhere' })).toEqual([])
  })

  test.each(['no-slash', '/a//b', '/a/', '/a b', `/${'x'.repeat(2000)}`])(
    'what is no path is refused: %s',
    async (path) => {
      await using made = await make()
      await refused(made.groups.createProject(path), 'INVALID_ARGUMENT')
    },
  )

  test('names are letters and digits at their ends, not too long, and the tree is not too deep', async () => {
    await using made = await make()
    const { groups } = made
    for (const name of ['.', '..', '-a', 'a-', 'x'.repeat(64)]) {
      await refused(groups.createProject(`/${name}`), 'INVALID_ARGUMENT')
    }
    await groups.createProject(`/${'x'.repeat(63)}`)
    const deepest = '/d'.repeat(MAX_PROJECT_DEPTH)
    await groups.createGroup({ name: 'g', project: deepest, createProject: true })
    await refused(groups.createProject(`${deepest}/d`), 'INVALID_ARGUMENT')
  })

  test('a project is made in one that exists', async () => {
    await using made = await make()
    await refused(made.groups.createProject('/a/b'), 'PROJECT_NOT_FOUND')
  })
}

function places(make: Make): void {
  test('what goes to a project that does not exist is refused, unless the request says to make it', async () => {
    await using made = await make()
    const { groups } = made
    const project = '/team/db'
    await refused(addDisk(groups, 'a', { project }), 'PROJECT_NOT_FOUND')
    await refused(groups.createGroup({ name: 'g', project }), 'PROJECT_NOT_FOUND')
    expect(await pathsOf(groups)).toEqual(['/'])
    const disk = await addDisk(groups, 'a', { project, createProject: true })
    expect(await groups.getGroup(disk.groupId)).toMatchObject({ project })
    expect(await pathsOf(groups)).toEqual(['/', '/team', '/team/db'])
    await groups.createGroup({ name: 'g', project, createProject: true })
    await addDisk(groups, 'b', { project, group: { kind: 'named', name: 'g' } })
    await addDisk(groups, 'c', { project: '/x', createProject: true, group: { kind: 'named', name: 'g' } })
    expect((await groups.listGroups({ name: 'g' })).items.map((group) => group.project)).toEqual([
      project,
      '/x',
    ])
  })

  test('a path that no project can have is not made', async () => {
    await using made = await make()
    const call = addDisk(made.groups, 'a', { project: '/-x', createProject: true })
    await refused(call, 'INVALID_ARGUMENT')
  })
}

function moves(make: Make): void {
  test('a project moves with all that is in it', async () => {
    await using made = await make()
    const { groups } = made
    await tree(groups, '/a', '/a/b', '/z')
    const deep = await groups.createGroup({ name: 'deep', project: '/a/b' })
    const project = (await groups.listProjects({ path: '/a' })).items[0]!
    const moved = await groups.moveProject(project.id, '/z/c')
    expect(moved).toMatchObject({ id: project.id, path: '/z/c' })
    expect(moved.generation).toBeGreaterThan(project.generation)
    expect(await pathsOf(groups)).toEqual(['/', '/z', '/z/c', '/z/c/b'])
    const now = await groups.getGroup(deep.id)
    expect(now.project).toBe('/z/c/b')
    expect(now.generation).toBeGreaterThan(deep.generation)
    expect(await groups.moveProject(project.id, '/z/c')).toEqual(moved)
    expect(await groups.createGroup({ name: 'deep', project: '/z/c/b' })).toEqual(now)
    await groups.createProject('/a')
  })

  test('no project comes into itself, onto another, into nothing, or too deep', async () => {
    await using made = await make()
    const { groups } = made
    await tree(groups, '/a', '/a/b', '/z')
    const { id } = (await groups.listProjects({ path: '/a' })).items[0]!
    for (const path of ['/a/c', '/a/b/c']) await refused(groups.moveProject(id, path), 'PROJECT_CYCLE')
    await refused(groups.moveProject(id, '/z'), 'NAME_TAKEN')
    await refused(groups.moveProject(id, '/nowhere/a'), 'PROJECT_NOT_FOUND')
    await refused(groups.moveProject(id, '/-'), 'INVALID_ARGUMENT')
    await refused(groups.moveProject(ROOT_PROJECT_ID, '/x'), 'ROOT_PROJECT_FIXED')
    await refused(groups.moveProject(projectIds.create(), '/x'), 'PROJECT_NOT_FOUND')
    expect(await pathsOf(groups)).toEqual(['/', '/a', '/a/b', '/z'])
  })

  test('a name that looks like the beginning of another is another', async () => {
    await using made = await make()
    const { groups } = made
    await tree(groups, '/a', '/ab', '/a/b')
    const { id } = (await groups.listProjects({ path: '/a' })).items[0]!
    await groups.moveProject(id, '/c')
    expect(await pathsOf(groups)).toEqual(['/', '/ab', '/c', '/c/b'])
  })
}

function groupMoves(make: Make): void {
  test('a group moves to another project with what it holds, and names stay unique there', async () => {
    await using made = await make()
    const { groups } = made
    await tree(groups, '/a', '/b')
    const inGroup = (project: string) => ({ project, group: { kind: 'named', name: 'g' } as const })
    const disk = await addDisk(groups, 'd', inGroup('/a'))
    await groups.createRecoveryPoint({ name: 'p', diskIds: [disk.id], grouped: false })
    const other = await addDisk(groups, 'd', inGroup('/b'))
    await groups.createRecoveryPoint({ name: 'p', diskIds: [other.id], grouped: false })
    await refused(groups.moveGroup(disk.groupId, '/b'), 'NAME_TAKEN', {
      message: expect.stringMatching(/g.*disk "d".*recovery point "p"/),
    })
    await refused(groups.moveGroup(disk.groupId, '/nowhere'), 'PROJECT_NOT_FOUND')
    const moved = await groups.moveGroup(disk.groupId, '/')
    expect(moved).toMatchObject({ id: disk.groupId, project: '/', name: 'g' })
    expect(await groups.moveGroup(disk.groupId, '/')).toEqual(moved)
    expect((await addDisk(groups, 'd', inGroup('/'))).id).toBe(disk.id)
    expect((await addDisk(groups, 'd', inGroup('/a'))).id).not.toBe(disk.id)
  })
}

function deletion(make: Make): void {
  test('an empty project is deleted; one that holds anything is refused, with what it holds', async () => {
    await using made = await make()
    const { groups } = made
    await tree(groups, '/a', '/a/b')
    const project = (await groups.listProjects({ path: '/a' })).items[0]!
    const child = (await groups.listProjects({ path: '/a/b' })).items[0]!
    const message = expect.stringMatching(/\/a\/b/)
    await refused(groups.deleteProject(project.id), 'PROJECT_NOT_EMPTY', { message })
    await groups.deleteProject(child.id)
    const group = await groups.createGroup({ name: 'g', project: '/a' })
    await refused(groups.deleteProject(project.id), 'PROJECT_NOT_EMPTY', {
      message: expect.stringContaining(group.id),
    })
    await groups.deleteGroup(group.id)
    await groups.deleteProject(project.id)
    await groups.deleteProject(project.id)
    await refused(groups.deleteProject(ROOT_PROJECT_ID), 'ROOT_PROJECT_FIXED')
    expect(await pathsOf(groups)).toEqual(['/'])
    expect((await groups.createProject('/a')).id).not.toBe(project.id)
  })
}
