import { basename } from 'node:path'
import { type ServedTarget as Inspected, StorageError } from '../../../volumegroups/index.ts'
import { type Backstore, readBackstore } from './backstores.ts'
import { acl, group, lunLink, lunOf, MAPPING, mapping, TARGETS, target } from './layout.ts'
import type { ConfigTree } from './tree.ts'

/** A LUN as the kernel has it. */
export interface ServedLun extends Backstore {
  readonly lun: number
  /** As it was granted; `protect` changes nothing of that. */
  readonly readOnly: boolean
}

/** A target as the kernel has it. */
export interface ServedTarget {
  readonly name: string
  readonly initiators: readonly string[]
  readonly luns: ReadonlyMap<number, ServedLun>
  /** LUNs that lack something: an element died while it made or removed them. */
  readonly halves: readonly number[]
}

/** Says whose target it is. It can be read also while the kernel waits for a command of the target. */
export const ownerFile = (name: string, initiatorName: string): string => `${acl(name, initiatorName)}/tag`

/** The mark of who made the target; undefined when there is none. */
export async function ownerOf(tree: ConfigTree, name: string): Promise<string | undefined> {
  for (const initiatorName of await listInitiators(tree, name)) {
    const owner = await tree.read(ownerFile(name, initiatorName))
    if (owner) return owner
  }
  return undefined
}

/** The names of all targets of this element. */
export async function listTargets(tree: ConfigTree, owner: string): Promise<readonly string[]> {
  const names = await tree.list(TARGETS)
  const owners = await Promise.all(names.map((name) => ownerOf(tree, name)))
  return names.filter((_, index) => owners[index] === owner)
}

/** The numbers of all LUNs of a target, whole or not. */
export async function listLuns(tree: ConfigTree, name: string): Promise<readonly number[]> {
  const folders = await tree.list(`${group(name)}/lun`)
  return folders.flatMap((folder) => lunOf(folder) ?? []).sort((a, b) => a - b)
}

export const listInitiators = (tree: ConfigTree, name: string): Promise<readonly string[]> =>
  tree.list(`${group(name)}/acls`)

export async function readTarget(tree: ConfigTree, name: string): Promise<ServedTarget> {
  const initiators = await listInitiators(tree, name)
  const [initiatorName] = initiators
  const luns = new Map<number, ServedLun>()
  const halves: number[] = []
  for (const lun of await listLuns(tree, name)) {
    const served = initiatorName === undefined ? undefined : await readLun(tree, name, initiatorName, lun)
    if (served) luns.set(lun, served)
    else halves.push(lun)
  }
  for (const initiator of initiators) {
    for (const folder of await tree.list(acl(name, initiator))) {
      const lun = lunOf(folder)
      if (lun !== undefined && !luns.has(lun) && !halves.includes(lun)) halves.push(lun)
    }
  }
  return { name, initiators, luns, halves }
}

async function readLun(
  tree: ConfigTree,
  name: string,
  initiatorName: string,
  lun: number,
): Promise<ServedLun | undefined> {
  const linked = await tree.linkedTo(lunLink(name, lun))
  const store = linked === undefined ? undefined : await readBackstore(tree, basename(linked))
  const entries = await tree.list(mapping(name, initiatorName, lun))
  const kind = Object.values(MAPPING).find((kind) => entries.includes(kind))
  if (store === undefined || kind === undefined) return undefined
  return { ...store, lun, readOnly: kind === MAPPING.readOnly }
}

/** As the domain sees it. While the kernel waits for a command of the target, whoever reads it would wait too. */
export async function inspectTarget(tree: ConfigTree, targetName: string): Promise<Inspected> {
  if (!(await tree.settled(target(targetName), 0))) {
    throw new StorageError(
      'FENCE_INCOMPLETE',
      `target ${targetName} has a command under way that must end first`,
    )
  }
  const { initiators, luns, halves } = await readTarget(tree, targetName)
  const half = { backingPath: '', serial: '', readOnly: false }
  return {
    targetName,
    admitted: initiators,
    users: await usersOf(tree, targetName, initiators),
    luns: [
      ...[...luns.values()].map(({ lun, backingPath, serial, readOnly }) => ({
        ...{ lun, backingPath, serial, readOnly },
      })),
      ...halves.map((lun) => ({ lun, ...half })),
    ],
  }
}

async function usersOf(
  tree: ConfigTree,
  name: string,
  initiators: readonly string[],
): Promise<readonly string[]> {
  if ((await tree.read(`${group(name)}/attrib/authentication`)) !== '1') return []
  const users = await Promise.all(initiators.map((one) => tree.read(`${acl(name, one)}/auth/userid`)))
  return users.filter((user) => user !== undefined)
}
