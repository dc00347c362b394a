import { settlesWithin } from '../lib/waiting.ts'
import type { SpaceUse } from './contents.ts'
import type { Reader } from './database.ts'
import { StorageError } from './errors.ts'
import type { DiskId, RecoveryPointId, VolumeGroupId } from './ids.ts'
import type { Store } from './ports.ts'

/** Says in a refusal for want of space what would free some. */
export interface SpaceHints {
  /** The same refusal, with the largest of what the reader finds. Any other error stays as it is. */
  explain(error: unknown, reader: Reader): Promise<unknown>
}

interface Measured<Id> {
  readonly id: Id
  readonly bytes: bigint
}

/** Largest first. */
interface Report {
  readonly groups: readonly Measured<VolumeGroupId>[]
  readonly points: readonly Measured<RecoveryPointId>[]
  readonly deleted: readonly Measured<DiskId>[]
}

/** A measurement looks at every extent of every group: it is used for so many times as long as it took, */
const FRESH_FACTOR = 20
/** and no less than this. */
const FRESH_MS = 10_000
/** It stops after so long, */
const MEASURE_MS = 30_000
/** and a refusal does not wait longer for it. */
const WAIT_MS = 2_000
const MAX_KEPT = 200
const SHOWN_GROUPS = 3
const SHOWN_POINTS = 5
const SHOWN_DELETED = 5
const PAGE = 500

export interface HintParts {
  readonly store: Pick<Store, 'space'>
  readonly reader: Pick<Reader, 'groups' | 'deletedThings'>
  readonly now: () => Date
}

export function createSpaceHints(parts: HintParts): SpaceHints {
  let report: Promise<Report> | undefined
  let freshUntilMs = Infinity
  const measureAnew = async (): Promise<Report> => {
    const fromMs = performance.now()
    freshUntilMs = Infinity
    try {
      return await measure(parts)
    } finally {
      const nowMs = performance.now()
      freshUntilMs = nowMs + Math.max(FRESH_MS, FRESH_FACTOR * (nowMs - fromMs))
    }
  }
  const latest = (): Promise<Report> => {
    if (report === undefined || performance.now() > freshUntilMs) report = measureAnew()
    return report
  }
  return {
    explain: async (error, reader) => {
      if (!(error instanceof StorageError) || error.reason !== 'NO_SPACE') return error
      const measuring = latest()
      if (!(await settlesWithin(measuring, WAIT_MS))) return error
      const fix = await measuring.then(
        (found) => fixFrom(found, reader, parts.now()),
        () => undefined,
      )
      if (fix === undefined) return error
      const { message, entity, step, violations, cause } = error
      return new StorageError('NO_SPACE', message, { entity, step, violations, cause, fix })
    },
  }
}

async function measure({ store, reader }: HintParts): Promise<Report> {
  const untilMs = performance.now() + MEASURE_MS
  const groups: Measured<VolumeGroupId>[] = []
  const points: Measured<RecoveryPointId>[] = []
  const deleted: Measured<DiskId>[] = []
  const gone = await deletedIds(reader)
  for await (const id of groupIds(reader, gone)) {
    if (performance.now() > untilMs) break
    const space = await store.space(id).catch(() => undefined) // it may just be deleted
    if (space === undefined) continue
    groups.push({ id, bytes: space.group.exclusiveBytes + space.group.sharedBytes })
    deleted.push(...space.disks.filter(({ id }) => gone.has(id)).map(toMeasured))
    points.push(...space.recoveryPoints.map(toMeasured))
  }
  return { groups: largest(groups), points: largest(points), deleted: largest(deleted) }
}

const toMeasured = <Id>({ id, exclusiveBytes }: SpaceUse & { readonly id: Id }): Measured<Id> => ({
  ...{ id, bytes: exclusiveBytes },
})

/** The first few disks that were deleted and can be had again, with their groups. */
async function deletedIds(reader: HintParts['reader']): Promise<ReadonlyMap<string, VolumeGroupId>> {
  const things = await reader.deletedThings({ kind: 'disk' }, { after: undefined, limit: PAGE })
  return new Map(things.map(({ id, groupId }) => [id, groupId]))
}

/** Also those that are deleted, for their deleted disks: these first. */
async function* groupIds(
  reader: HintParts['reader'],
  deleted: ReadonlyMap<string, VolumeGroupId>,
): AsyncGenerator<VolumeGroupId> {
  const told = new Set(deleted.values())
  yield* told
  for (let after: { atMs: number; keys: string[] } | undefined; ; ) {
    const page = await reader.groups({}, { after, limit: PAGE })
    for (const { id } of page) if (!told.has(id)) yield id
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = { atMs: last.createdAt.getTime(), keys: [last.id] }
  }
}

const largest = <Id>(all: readonly Measured<Id>[]): readonly Measured<Id>[] =>
  all
    .filter(({ bytes }) => bytes > 0n)
    .sort((a, b) => (a.bytes < b.bytes ? 1 : -1))
    .slice(0, MAX_KEPT)

/** Undefined when the reader finds nothing of it. */
async function fixFrom(
  { groups, points, deleted }: Report,
  reader: Reader,
  now: Date,
): Promise<string | undefined> {
  const shownPoints = await first(SHOWN_POINTS, points, async ({ id, bytes }) => {
    const point = await reader.recoveryPoint(id)
    const isLocked = point?.lockedUntil !== undefined && point.lockedUntil > now
    return point && !isLocked ? `${id} of ${point.groupId} (${bytes} bytes)` : undefined
  })
  const shownGroups = await first(SHOWN_GROUPS, groups, async ({ id, bytes }) => {
    return (await reader.group(id)) && `${id} (${bytes} bytes)`
  })
  const shownDeleted = await first(SHOWN_DELETED, deleted, async ({ id, bytes }) => {
    return (await reader.deletedDisk(id)) && `${id} (${bytes} bytes)`
  })
  const advice = [
    ...(shownDeleted.length > 0 ? [`purge deleted disks, such as ${shownDeleted.join(', ')}`] : []),
    ...(shownPoints.length > 0 ? [`delete recovery points, such as ${shownPoints.join(', ')}`] : []),
    ...(shownGroups.length > 0 ? [`delete disks; the largest groups are ${shownGroups.join(', ')}`] : []),
  ]
  if (advice.length === 0) return undefined
  const [start = '', ...rest] = [...advice, 'enlarge the pool']
  return `${[start[0]?.toUpperCase() + start.slice(1), ...rest].join('; or ')}.`
}

async function first<Item>(
  count: number,
  items: readonly Item[],
  show: (item: Item) => Promise<string | undefined>,
): Promise<string[]> {
  const shown: string[] = []
  for (const item of items) {
    if (shown.length === count) break
    const text = await show(item)
    if (text !== undefined) shown.push(text)
  }
  return shown
}
