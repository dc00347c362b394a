import { stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { encodeExactly } from '../../../src/lib/exact-json.ts'
import type { StoredGroup } from '../../../src/volumegroups/index.ts'
import type { Site } from './site.ts'

const ALL = { after: undefined, limit: 100_000 }

/**
 * Everything that one side says of the other, looked up there: what hangs in the air, one line each. It shares no
 * code with what decides. What is told as missing does not hang.
 */
export async function fsckRefs(site: Site): Promise<string[]> {
  const { reader } = site.database
  const stored = new Map((await site.store.inventory()).map((group) => [group.id, group]))
  const groups = await reader.groups({}, ALL)
  const faults: string[] = []
  for (const group of groups) {
    const found = stored.get(group.id)
    if (group.dataMissingSince) {
      if (found) faults.push(`${group.id} is told as missing, and is there`)
    } else if (found) faults.push(...(await manifestFaults(site, found)))
    else faults.push(`${group.id} is not in the store`)
    if ((await reader.projectAt(group.project)) === undefined) faults.push(`${group.id} is in no project`)
    faults.push(...(await diskFaults(site, group.id, found)), ...(await pointFaults(site, group.id, found)))
  }
  const known = new Set(groups.map(({ id }) => id))
  for (const id of stored.keys()) if (!known.has(id)) faults.push(`the store holds an unknown ${id}`)
  return [...faults, ...(await placeFaults(site)), ...(await openFaults(site))]
}

async function manifestFaults({ database, store }: Site, { id }: StoredGroup): Promise<string[]> {
  const [said, wanted] = [await store.readManifest(id), await database.reader.manifest(id)]
  return said && encodeExactly(said) === encodeExactly(wanted) ? [] : [`${id} has another manifest`]
}

async function diskFaults(
  { database, store }: Site,
  groupId: StoredGroup['id'],
  found: StoredGroup | undefined,
): Promise<string[]> {
  const faults: string[] = []
  const disks = await database.reader.disks({ groupId }, ALL)
  const known = new Set(disks.map(({ id }) => id))
  for (const { id, sizeBytes, dataMissingSince } of disks) {
    const file = await stat(store.backingPath(groupId, id)).catch(() => undefined)
    if (dataMissingSince ? file !== undefined : file === undefined) faults.push(`${id} is told wrongly`)
    if (file && BigInt(file.size) < sizeBytes) faults.push(`${id} is too short`)
  }
  for (const { id } of found?.disks ?? []) if (!known.has(id)) faults.push(`the store holds an unknown ${id}`)
  return faults
}

async function pointFaults(
  { database, store }: Site,
  groupId: StoredGroup['id'],
  found: StoredGroup | undefined,
): Promise<string[]> {
  const faults: string[] = []
  const points = await database.reader.recoveryPoints({ groupId }, ALL)
  const [known, present] = [new Set(points.map(({ id }) => id)), new Set(found?.recoveryPoints)]
  for (const id of present) if (!known.has(id)) faults.push(`the store holds an unknown ${id}`)
  for (const { id, disks } of points) {
    if (!present.has(id)) faults.push(`${id} is not in the store`)
    else {
      const held = (await store.inspectPoint(groupId, id)).disks.map((disk) => disk.id)
      const told = disks.map(({ diskId }) => diskId)
      if (!isDeepStrictEqual(new Set(held), new Set(told))) faults.push(`${id} holds other disks`)
    }
  }
  return faults
}

async function placeFaults({ database: { reader } }: Site): Promise<string[]> {
  const faults: string[] = []
  const { settings, policies } = await reader.policySettings()
  for (const { target, policyId } of settings) {
    const isThere =
      target.kind === 'project' ? await reader.projectAt(target.path) : await reader.group(target.id)
    if (isThere === undefined) faults.push(`a policy is set on nothing`)
    if (policyId && !policies.some(({ id }) => id === policyId)) faults.push(`${policyId} is not there`)
  }
  for (const { id, path } of await reader.projects({}, ALL)) {
    const above = path.slice(0, path.lastIndexOf('/')) || '/'
    if (path !== '/' && (await reader.projectAt(above)) === undefined) faults.push(`${id} is in nothing`)
  }
  return faults
}

async function openFaults({ database: { reader } }: Site): Promise<string[]> {
  const faults: string[] = []
  for (const state of ['running', 'undoing', 'faulted'] as const) {
    for (const { id, kind, error } of await reader.operations({ state }, ALL)) {
      faults.push(`${kind} ${id} is ${state}: ${error?.message}`)
    }
  }
  return faults
}
