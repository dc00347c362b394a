import { type ProjectId, ROOT_PROJECT_ID } from '../../ids.ts'
import { MAX_PROJECT_DEPTH, MAX_PROJECT_NAME_BYTES } from '../../limits.ts'
import type { Manifest } from '../../manifest.ts'
import type { Project, ProjectPath } from '../../types.ts'
import { depthOf, parentOf } from '../projects.ts'
import type { Decision, PlacedProject } from './types.ts'

/** The tree of projects as it will be. */
export interface ProjectTree {
  /** The id under which a manifest's project is found: another one's when that has its place already. */
  idOf(id: ProjectId): ProjectId
  pathOf(id: ProjectId): ProjectPath
  /** Those that a manifest knows better than the database, with that manifest. */
  readonly learnt: ReadonlyMap<ProjectId, Manifest>
  readonly decisions: readonly Decision[]
}

interface Node {
  readonly id: ProjectId
  name: string
  parentId: ProjectId | undefined
  generation: number
  readonly createdAt: Date
}

/**
 * Where all projects belong once these manifests are believed. A project that the database has is where its highest
 * generation says; one that it has not is made anew, if a group that is adopted is in it.
 */
export function decideProjects(
  rows: readonly Project[],
  manifests: readonly { readonly manifest: Manifest; readonly isAdopted: boolean }[],
): ProjectTree {
  const nodes = new Map(rows.map((row) => [row.id, nodeOf(row, rows)]))
  const aliases = new Map<ProjectId, ProjectId>()
  const learnt = new Map<ProjectId, Manifest>()
  const known = new Map(rows.map((row) => [row.id, row]))
  const idOf = (id: ProjectId): ProjectId => aliases.get(id) ?? id
  for (const { manifest, isAdopted } of manifests) {
    let parentId: ProjectId | undefined
    for (const project of manifest.projects) {
      const node = nodes.get(project.id)
      if (node ? project.generation > node.generation : isAdopted && !aliases.has(project.id)) {
        const sibling = node ? undefined : childNamed(nodes, parentId, nameOf(project.path))
        if (sibling) aliases.set(project.id, sibling.id)
        else {
          const { id, path, generation, createdAt } = project
          nodes.set(id, {
            id,
            parentId,
            name: nameOf(path),
            generation,
            createdAt: node?.createdAt ?? createdAt,
          })
          learnt.set(id, manifest)
        }
      }
      parentId = idOf(project.id)
    }
  }
  keepApart(nodes, known)
  const pathOf = (id: ProjectId): ProjectPath => pathIn(nodes, idOf(id))
  return { idOf, pathOf, learnt, decisions: placements(nodes, known, pathOf) }
}

const nameOf = (path: ProjectPath): string => path.slice(path.lastIndexOf('/') + 1)

function nodeOf({ id, path, generation, createdAt }: Project, rows: readonly Project[]): Node {
  const above = parentOf(path)
  const parentId = rows.find((row) => row.path === above)?.id
  return { id, name: nameOf(path), parentId, generation, createdAt }
}

const childNamed = (
  nodes: ReadonlyMap<ProjectId, Node>,
  parentId: ProjectId | undefined,
  name: string,
): Node | undefined =>
  [...nodes.values()].find(
    (node) => node.parentId === parentId && node.name === name && node.id !== ROOT_PROJECT_ID,
  )

/** What can not be where it says is moved to the root; two of one name there, or anywhere, are told apart by id. */
function keepApart(nodes: ReadonlyMap<ProjectId, Node>, known: ReadonlyMap<ProjectId, Project>): void {
  const isMoved = ({ id, generation }: Node): boolean => known.get(id)?.generation !== generation
  for (const node of nodes.values()) {
    if (node.id === ROOT_PROJECT_ID) node.parentId = undefined
    else if (!isRooted(nodes, node)) node.parentId = ROOT_PROJECT_ID
  }
  for (const node of [...nodes.values()].filter(isMoved)) {
    const isTaken = [...nodes.values()].some(
      ({ id, parentId, name }) => id !== node.id && parentId === node.parentId && name === node.name,
    )
    if (isTaken) node.name = `${node.name.slice(0, MAX_PROJECT_NAME_BYTES - 9)}-${node.id.slice(-8)}`
  }
}

/** Whether the root is above it, and not too far. */
function isRooted(nodes: ReadonlyMap<ProjectId, Node>, node: Node): boolean {
  let above = node.parentId
  for (let depth = 1; depth <= MAX_PROJECT_DEPTH; depth += 1) {
    if (above === ROOT_PROJECT_ID) return true
    above = above && nodes.get(above)?.parentId
  }
  return false
}

function pathIn(nodes: ReadonlyMap<ProjectId, Node>, id: ProjectId): ProjectPath {
  const node = nodes.get(id)
  if (node === undefined || node.id === ROOT_PROJECT_ID) return '/'
  const above = pathIn(nodes, node.parentId as ProjectId)
  return above === '/' ? `/${node.name}` : `${above}/${node.name}`
}

/** Parents first. */
function placements(
  nodes: ReadonlyMap<ProjectId, Node>,
  known: ReadonlyMap<ProjectId, Project>,
  pathOf: (id: ProjectId) => ProjectPath,
): Decision[] {
  const placed = [...nodes.values()].map(({ id, parentId, generation, createdAt }): PlacedProject => {
    return { id, parentId, generation, createdAt, path: pathOf(id) }
  })
  return placed
    .filter(({ id, path, generation }) => {
      const row = known.get(id)
      return row === undefined || row.path !== path || row.generation !== generation
    })
    .sort((a, b) => depthOf(a.path) - depthOf(b.path) || (a.path < b.path ? -1 : 1))
    .map((project) => ({ kind: 'placeProject', project, isNew: !known.has(project.id) }))
}
