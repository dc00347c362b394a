import type { Database, Reader, Slice } from '../database.ts'
import { StorageError } from '../errors.ts'
import type { OperationId } from '../ids.ts'
import { MAX_PAGE } from '../limits.ts'
import type { StoredGroup, StoredPoint } from '../manifest.ts'
import type { Store } from '../ports.ts'
import type { Facts, FoundGroup, FoundManifest, GroupRow, OpenOperation } from '../rules/recovery/types.ts'

interface Parts {
  readonly database: Database
  readonly store: Store
}

/**
 * Reads both sides. Of a running element they are not of one instant: what a look finds is true only if the next one
 * finds it too.
 */
export async function readFacts({ database, store }: Parts): Promise<Facts> {
  const { reader } = database
  const open = await openOperations(database)
  const rows = await reader.groupRows()
  const known = new Map(rows.map((row) => [row.manifest.group.id, row]))
  const found: FoundGroup[] = []
  for (const group of await store.inventory()) {
    found.push(await inspect(store, group, known.get(group.id), database.elementId))
  }
  return {
    ...{ rows, found, open },
    projects: await all((slice) => reader.projects({}, slice)),
    policies: await all((slice) => reader.policies({}, slice)),
  }
}

async function openOperations({ transact }: Database): Promise<OpenOperation[]> {
  const records = await transact((tx) => tx.openOperations())
  return records.map(({ id, entities, state, committed }) => ({
    ...{ id: id as OperationId, entities },
    isMaking: state === 'running' && !committed,
  }))
}

async function inspect(
  store: Store,
  group: StoredGroup,
  row: GroupRow | undefined,
  elementId: string,
): Promise<FoundGroup> {
  const manifest = await readManifest(store, group, elementId)
  const said = manifest.kind === 'whole' ? manifest.manifest.recoveryPoints : []
  const known = new Set([...said, ...(row?.manifest.recoveryPoints ?? [])].map(({ id }) => id))
  const unknownPoints: StoredPoint[] = []
  for (const id of group.recoveryPoints) {
    if (!known.has(id)) unknownPoints.push(await store.inspectPoint(group.id, id))
  }
  return { ...group, manifest, unknownPoints }
}

async function readManifest(store: Store, group: StoredGroup, elementId: string): Promise<FoundManifest> {
  if (group.isHeadless) return { kind: 'none' }
  try {
    const manifest = await store.readManifest(group.id)
    if (manifest === undefined) return { kind: 'none' }
    const writer = manifest.elementId ?? elementId
    return writer === elementId ? { kind: 'whole', manifest } : { kind: 'foreign', elementId: writer }
  } catch (error) {
    if (error instanceof StorageError && error.reason === 'MANIFEST_DAMAGED') return { kind: 'damaged' }
    throw error
  }
}

type Listed = Awaited<ReturnType<Reader['projects'] | Reader['policies']>>[number]

async function all<Item extends Listed>(read: (slice: Slice) => Promise<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = []
  for (let after: Slice['after']; ; ) {
    const page = await read({ after, limit: MAX_PAGE })
    items.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < MAX_PAGE) return items
    after = { atMs: last.createdAt.getTime(), keys: [last.id] }
  }
}

/** Whose a pool is, by what says so, or else by its manifests; undefined when nothing tells. */
export async function elementIdIn(store: Store): Promise<string | undefined> {
  const owner = await readOwner(store)
  if (owner) return owner.elementId
  for (const { id, isHeadless } of await store.inventory()) {
    const manifest = isHeadless ? undefined : await store.readManifest(id).catch(unlessDamaged)
    if (manifest?.elementId) return manifest.elementId
  }
  return undefined
}

export const readOwner = (store: Store) => store.readOwner().catch(unlessDamaged)

/** As `unlessDamaged`; nor does what is not there. */
export function unlessUnreadable(error: unknown): undefined {
  if (!(error instanceof StorageError && error.reason === 'VOLUME_GROUP_NOT_FOUND')) unlessDamaged(error)
}

/** What is damaged tells nothing. */
function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof StorageError && error.reason === 'MANIFEST_DAMAGED')) throw error
}
