import { isDeepStrictEqual } from 'node:util'
import type { Page } from '../../src/volumegroups/index.ts'
import type { Element, World } from './world.ts'

/** What is there, by each of the four that have to agree, with ids and times made comparable between worlds. */
export interface Inspection {
  readonly database: unknown
  readonly store: unknown
  readonly manifests: unknown
  readonly target: unknown
}

export async function inspect({ store, daemon }: World, { service }: Element): Promise<Inspection> {
  const database = {
    tokens: await all((token) => service.listTokens({ token })),
    projects: (await all((token) => service.listProjects({ under: '/', token }))).toSorted(byPath),
    groups: await all((token) => service.listGroups({ token })),
    disks: await all((token) => service.listDisks({ token })),
    deleted: await all((token) => service.listDeleted({ token })),
    recoveryPoints: await all((token) => service.listRecoveryPoints({ token })),
    initiators: await all((token) => service.listInitiators({ token })),
    attachments: await all((token) => service.listAttachments({ token })),
    policies: await all((token) => service.listPolicies({ token })),
    policyAssignments: await all((token) => service.listPolicyAssignments({ token })),
  }
  const known = [
    ...[...database.groups, ...database.disks, ...database.recoveryPoints].map(({ id }): string => id),
    ...database.deleted.flatMap(({ id, groupId }): string[] => [groupId, id]),
  ]
  // A store has no order of its own.
  const byAge = (a: string, b: string) => known.indexOf(a) - known.indexOf(b)
  const inventory = (await store.inventory()).toSorted((a, b) => byAge(a.id, b.id))
  const stored = inventory.map(({ id, disks, recoveryPoints }) => ({
    id,
    disks: disks.map((disk) => disk.id).sort(byAge),
    recoveryPoints: recoveryPoints.toSorted(byAge),
  }))
  const manifests = await Promise.all(inventory.map(({ id }) => store.readManifest(id)))
  const target = [...daemon.values()].flatMap((luns) => [...luns.values()])
  return comparable({ database, store: stored, manifests, target })
}

/** The invariants that hold whenever no operation runs, as a list of what breaks them. */
export async function contradictions(
  { store, daemon }: World,
  { service, database }: Element,
): Promise<string[]> {
  const found: string[] = []
  const groups = await all((token) => service.listGroups({ token }))
  const present = <Thing extends { readonly dataMissingSince?: Date | undefined }>(things: Thing[]) =>
    things.filter(({ dataMissingSince }) => dataMissingSince === undefined) // what is told as missing does not contradict
  const inventory = await store.inventory()
  const deleted = await all((token) => service.listDeleted({ token }))
  const known = new Set<string>([...groups.map(({ id }) => id), ...deleted.map(({ groupId }) => groupId)])
  for (const { id } of inventory) if (!known.has(id)) found.push(`the store holds an unknown group ${id}`)
  for (const { id } of present(groups)) {
    const disks = present(await all((token) => service.listDisks({ groupId: id, token })))
    const points = await all((token) => service.listRecoveryPoints({ groupId: id, token }))
    const stored = inventory.find((group) => group.id === id)
    const gone = deleted.filter(({ kind, groupId }) => kind === 'disk' && groupId === id)
    const sizes = new Map(stored?.disks.map((disk) => [disk.id, disk.sizeBytes]))
    if (!isDeepStrictEqual(new Set(sizes.keys()), new Set([...disks, ...gone].map((disk) => disk.id)))) {
      found.push(`database and store differ in the disks of ${id}`)
    }
    if (disks.some((disk) => (sizes.get(disk.id) ?? 0n) < disk.sizeBytes)) found.push('a file is too small')
    if (!isDeepStrictEqual(new Set(stored?.recoveryPoints), new Set(points.map((point) => point.id)))) {
      found.push(`database and store differ in the recovery points of ${id}`)
    }
    const manifest = comparable(await store.readManifest(id))
    if (!isDeepStrictEqual(manifest, comparable(await database.reader.manifest(id)))) {
      found.push(`database and manifest of ${id} differ`)
    }
  }
  const serving = [...daemon.values()].flatMap((luns) => [...luns.values()])
  const wanted = await service.exportsFromDatabase()
  const byName = (one: { targetName: string; lun: number }) => `${one.targetName} ${one.lun}`
  if (!isDeepStrictEqual(new Set(serving.map(byName)), new Set(wanted.map(byName)))) {
    found.push('database and target differ in what is exported')
  }
  return found
}

/** Those made at one time have no order. */
const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1)

async function all<Item>(list: (token: string | undefined) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = []
  let token: string | undefined
  do {
    const page = await list(token)
    items.push(...page.items)
    token = page.nextToken
  } while (token !== undefined)
  return items
}

const RANDOM = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const HIDDEN = new Set([
  'lun',
  'backingPath',
  'serial',
  'naa',
  'secret',
  'createdAt',
  'deletedAt',
  'restorableUntil',
  'grantedAt',
  'registeredAt',
  'setAt',
])

/** Each id becomes the number of its first appearance; what is random or a time goes. */
function comparable<Value>(value: Value): Value {
  const text = JSON.stringify(value, (key, field) => {
    if (HIDDEN.has(key)) return undefined
    return typeof field === 'bigint' ? `${field}` : field
  })
  const numbers = new Map<string, number>()
  const numbered = (text ?? 'null').replaceAll(RANDOM, (id) => {
    const number = numbers.get(id) ?? numbers.size + 1
    numbers.set(id, number)
    return `#${number}`
  })
  return JSON.parse(numbered)
}
