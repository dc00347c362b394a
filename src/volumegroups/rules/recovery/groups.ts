import { max } from '../../../lib/bigints.ts'
import { encodeExactly } from '../../../lib/exact-json.ts'
import type { DeletedDisk } from '../../deletions.ts'
import type { DiskId, RecoveryPointId } from '../../ids.ts'
import type { Manifest, ManifestDisk, StoredPoint } from '../../manifest.ts'
import type { PointTerms, RecoveryPoint } from '../../types.ts'
import { adoptedGroup } from './adopted.ts'
import type { Decision, FoundGroup, FoundManifest, GroupRow } from './types.ts'

/** Of operations that have not ended yet. */
export interface Hands {
  /** What they work on is left to them. */
  isHeld(id: string): boolean
  /** It may be what one of them was making: or, if the database is an old one, has made long ago. */
  isBeingMade(id: string): boolean
}

/** One group, as the database and the store know it. */
interface Pair {
  readonly row: Manifest
  readonly missingDisks: ReadonlySet<DiskId>
  readonly found: FoundGroup
  /** What the store's manifest says; nothing when it can not be believed. */
  readonly said: Manifest | undefined
  /** The manifest is newer than the row. */
  readonly isNewer: boolean
  readonly hands: Hands
}

/**
 * Where the manifest is damaged, nobody can tell what is still being made from what was made long ago: to undo the
 * making might destroy it.
 */
const leftTo =
  ({ isHeld, isBeingMade }: Hands, { manifest }: FoundGroup) =>
  (id: string): boolean =>
    isHeld(id) && !(manifest.kind === 'damaged' && isBeingMade(id))

/** A group of which the store holds nothing. Its points are gone with it; one that is deleted is not missed. */
export function decideLost({ manifest, isMissing, missingDisks }: GroupRow): Decision[] {
  const { group, disks, recoveryPoints } = manifest
  const groupId = group.id
  if (manifest.deletion) return []
  return [
    ...(isMissing ? [] : [{ kind: 'groupMissing', groupId } as const]),
    ...disks
      .filter(({ id }) => !missingDisks.has(id))
      .map(({ id: diskId }) => ({ kind: 'diskMissing', groupId, diskId }) as const),
    ...recoveryPoints.map(({ id }) => ({ kind: 'dropPoint', groupId, recoveryPointId: id }) as const),
  ]
}

/** A group that only the store knows. */
export function decideUnknown(found: FoundGroup, hands: Hands): Decision[] {
  const { id: groupId, manifest } = found
  if (leftTo(hands, found)(groupId)) return []
  if (manifest.kind !== 'whole') {
    return [{ kind: 'quarantine', thing: { kind: 'volumeGroup', groupId }, why: manifest.kind }]
  }
  const said = manifest.manifest
  const row: Manifest = { ...said, disks: [], deletedDisks: undefined, recoveryPoints: [] }
  const pair = { row, missingDisks: new Set<DiskId>(), found, said, isNewer: true, hands }
  const head = isDeletedIn(said, found) ? deletionOf(said) : adoptionOf(said)
  return [head, ...decideContents(pair)]
}

/** A group that both know. */
export function decideKnown(
  { manifest: row, isMissing, missingDisks }: GroupRow,
  found: FoundGroup,
  hands: Hands,
): Decision[] {
  const groupId = found.id
  const said = found.manifest.kind === 'whole' ? found.manifest.manifest : undefined
  const isNewer = said !== undefined && said.group.generation > row.group.generation
  const contents = decideContents({ row, missingDisks, found, said, isNewer, hands })
  return [
    ...(isMissing ? [{ kind: 'groupFound', groupId } as const] : []),
    ...(found.isHeadless ? [{ kind: 'remakeGroup', groupId } as const] : []),
    ...(isNewer ? [decideNewer(row, said, found)] : []),
    ...contents,
    ...decideManifest(row, found.manifest),
  ]
}

const adoptionOf = (said: Manifest): Decision => ({ kind: 'adoptGroup', group: adoptedGroup(said) })

/** What the manifest says of the group itself, when it is newer than the row. */
function decideNewer(row: Manifest, said: Manifest, found: FoundGroup): Decision {
  if (isDeletedIn(said, found)) return deletionOf(said)
  return { kind: row.deletion ? 'undeleteGroup' : 'updateGroup', group: adoptedGroup(said) }
}

/** Whether the manifest says that the group was deleted: not where something is there that was not. */
const isDeletedIn = (said: Manifest, { disks, recoveryPoints }: FoundGroup): said is DeletedManifest =>
  said.deletion !== undefined &&
  recoveryPoints.length === 0 &&
  disks.every(({ id }) => deletedIn(said).some(({ disk }) => disk.id === id))

type DeletedManifest = Manifest & { readonly deletion: NonNullable<Manifest['deletion']> }

function deletionOf(said: DeletedManifest): Decision {
  const { settings, ...deletion } = said.deletion
  return { kind: 'deleteGroup', group: adoptedGroup(said), deletion, settings }
}

const deletedIn = (said: Manifest | undefined): readonly DeletedDisk[] => said?.deletedDisks ?? []

function decideManifest(row: Manifest, found: FoundManifest): Decision[] {
  const groupId = row.group.id
  if (found.kind !== 'whole') return [{ kind: 'writeManifest', groupId, why: found.kind }]
  const { generation } = found.manifest.group
  if (generation > row.group.generation) return []
  if (generation < row.group.generation) return [{ kind: 'writeManifest', groupId, why: 'older' }]
  const isSame = encodeExactly(row) === encodeExactly(found.manifest)
  return isSame ? [] : [{ kind: 'writeManifest', groupId, why: 'differs' }]
}

const decideContents = (pair: Pair): Decision[] => [
  ...decidePoints(pair),
  ...pair.row.disks.flatMap((disk) => decideKnownDisk(disk, pair)),
  ...deletedIn(pair.row).flatMap((deleted) => decideDeleted(deleted, pair)),
  ...decideNewDisks(pair),
]

function decideKnownDisk(
  row: ManifestDisk,
  { missingDisks, found, said, isNewer, ...rest }: Pair,
): Decision[] {
  const [groupId, diskId] = [found.id, row.id]
  const file = found.disks.find(({ id }) => id === diskId)
  const inManifest = said?.disks.find(({ id }) => id === diskId)
  const deleted = deletedIn(said).find(({ disk }) => disk.id === diskId)
  if (isNewer && deleted) return [{ kind: 'deleteDisk', deleted }]
  if (file === undefined) {
    if (isNewer && inManifest === undefined) return [{ kind: 'dropDisk', groupId, diskId }]
    const wanted = isNewer && inManifest ? inManifest : row
    return decideAbsent(wanted, missingDisks.has(diskId), { found, said, isNewer, missingDisks, ...rest })
  }
  const isChanged = isNewer && inManifest !== undefined && encodeExactly(inManifest) !== encodeExactly(row)
  const { sizeBytes } = isChanged ? inManifest : row
  return [
    ...(missingDisks.has(diskId) ? [{ kind: 'diskFound', groupId, diskId } as const] : []),
    ...(isChanged ? [{ kind: 'updateDisk', disk: inManifest } as const] : []),
    ...(file.sizeBytes < sizeBytes ? [{ kind: 'extendDisk', groupId, diskId, sizeBytes } as const] : []),
  ]
}

/** A disk that the row says is deleted. */
function decideDeleted(row: DeletedDisk, { found, said, isNewer }: Pair): Decision[] {
  if (!isNewer) return []
  const { id: diskId } = row.disk
  const isThere = found.disks.some(({ id }) => id === diskId)
  const disk = said?.disks.find(({ id }) => id === diskId)
  if (disk) return [{ kind: 'undeleteDisk', disk, isMissing: !isThere }, ...growth(disk, found)]
  const deleted = deletedIn(said).find((one) => one.disk.id === diskId)
  if (deleted) return encodeExactly(deleted) === encodeExactly(row) ? [] : [{ kind: 'deleteDisk', deleted }]
  return isThere ? [] : [{ kind: 'dropDeleted', groupId: found.id, diskId }]
}

/** The newest point that has it gives it back, under the same id. */
function decideAbsent(disk: ManifestDisk, isMarked: boolean, pair: Pair): Decision[] {
  const { groupId, id: diskId } = disk
  const missing = isMarked ? [] : [{ kind: 'diskMissing', groupId, diskId } as const]
  const from = newestHolding(diskId, pair)
  if (from === undefined) return missing
  // The point may be of a time when the disk was larger than an old database knows.
  const sizeBytes = max(disk.sizeBytes, from.disks.find((image) => image.diskId === diskId)?.sizeBytes ?? 0n)
  return [
    ...missing,
    ...(sizeBytes > disk.sizeBytes ? [{ kind: 'updateDisk', disk: { ...disk, sizeBytes } } as const] : []),
    { kind: 'restoreDisk', groupId, diskId, sizeBytes, from: from.id },
  ]
}

type Holder = Pick<RecoveryPoint, 'id' | 'createdAt' | 'disks'>

function newestHolding(diskId: DiskId, { row, said, found }: Pair): Holder | undefined {
  const present = new Set(found.recoveryPoints)
  const unknown = found.unknownPoints.map(({ id, createdAt, disks }) => ({
    ...{ id, createdAt },
    disks: disks.map((disk) => ({ diskId: disk.id, sizeBytes: disk.sizeBytes })),
  }))
  const known: Holder[] = [...row.recoveryPoints, ...(said?.recoveryPoints ?? []), ...unknown]
  return known
    .filter(({ id, disks }) => present.has(id) && disks.some((disk) => disk.diskId === diskId))
    .reduce<Holder | undefined>(
      (best, one) => (best === undefined || one.createdAt > best.createdAt ? one : best),
      undefined,
    )
}

/** Disks that have no row. */
function decideNewDisks(pair: Pair): Decision[] {
  const { row, found, said, isNewer, hands } = pair
  const isHeld = leftTo(hands, found)
  const isNew = ({ id }: { readonly id: DiskId }): boolean =>
    !row.disks.some((disk) => disk.id === id) &&
    !deletedIn(row).some(({ disk }) => disk.id === id) &&
    !isHeld(id)
  const inManifest = (said?.disks ?? []).filter(isNew)
  const inStore = new Set(found.disks.map(({ id }) => id))
  const deleted = deletedIn(said).filter(({ disk }) => isNew(disk) && inStore.has(disk.id))
  const named = new Set([...inManifest, ...deleted.map(({ disk }) => disk)].map(({ id }) => id))
  const strays = found.disks.filter(isNew).filter(({ id }) => !named.has(id))
  return [
    ...inManifest.flatMap((disk): Decision[] => {
      if (inStore.has(disk.id)) return [{ kind: 'adoptDisk', disk, isMissing: false }, ...growth(disk, found)]
      // A manifest that is older than the row speaks of what was deleted since.
      if (!isNewer) return []
      return [{ kind: 'adoptDisk', disk, isMissing: true }, ...decideAbsent(disk, true, pair)]
    }),
    ...deleted.map((one): Decision => ({ kind: 'deleteDisk', deleted: one })),
    ...strays.map(
      ({ id: diskId }): Decision => ({
        kind: 'quarantine',
        thing: { kind: 'disk', groupId: found.id, diskId },
        why: 'stray',
      }),
    ),
  ]
}

function growth({ id: diskId, groupId, sizeBytes }: ManifestDisk, { disks }: FoundGroup): Decision[] {
  const isShort = disks.some((disk) => disk.id === diskId && disk.sizeBytes < sizeBytes)
  return isShort ? [{ kind: 'extendDisk', groupId, diskId, sizeBytes }] : []
}

function decidePoints({ row, found, said, isNewer, hands }: Pair): Decision[] {
  const isHeld = leftTo(hands, found)
  const groupId = found.id
  const present = new Set<RecoveryPointId>(found.recoveryPoints)
  const known = new Map(row.recoveryPoints.map((point) => [point.id, point]))
  const inManifest = new Map((said?.recoveryPoints ?? []).map((point) => [point.id, point]))
  const isNew = ({ id }: { readonly id: RecoveryPointId }): boolean => !known.has(id) && !isHeld(id)
  const dropped = row.recoveryPoints.filter(({ id }) => !present.has(id))
  const changed = row.recoveryPoints.flatMap((point) => {
    const newer = isNewer && present.has(point.id) ? inManifest.get(point.id) : undefined
    return newer && !haveSameTerms(newer, point) ? [newer] : []
  })
  const strange = found.unknownPoints.filter(isNew)
  const isUsable = ({ id, disks }: StoredPoint): boolean => disks.length > 0 && !hands.isBeingMade(id)
  const adopted = [
    ...[...inManifest.values()].filter((point) => present.has(point.id) && isNew(point)),
    ...strange.filter(isUsable).map((point) => namelessPoint(point, found)),
  ]
  const useless = strange.filter((point) => !isUsable(point))
  return [
    ...dropped.map(({ id }) => ({ kind: 'dropPoint', groupId, recoveryPointId: id }) as const),
    ...changed.map((point) => ({ kind: 'updatePoint', point }) as const),
    ...adopted.map((point) => ({ kind: 'adoptPoint', point }) as const),
    ...useless.map(({ id }): Decision => {
      const thing = { kind: 'recoveryPoint', groupId, recoveryPointId: id } as const
      return { kind: 'quarantine', thing, why: 'stray' }
    }),
  ]
}

const haveSameTerms = (one: PointTerms, other: PointTerms): boolean =>
  [one, other]
    .map(({ expiresAt, lockedUntil, labels }) => encodeExactly({ expiresAt, lockedUntil, labels }))
    .every((text, _index, [first]) => text === first)

/** What the data alone tell of a point: all but its name and terms. */
const namelessPoint = (
  { id, disks, createdAt }: StoredPoint,
  { id: groupId }: FoundGroup,
): RecoveryPoint => ({
  ...{ id, groupId, createdAt, name: id, grouped: true, reason: 'user', labels: {} },
  disks: disks.map((disk) => ({ diskId: disk.id, sizeBytes: disk.sizeBytes })),
  ...{ expiresAt: undefined, lockedUntil: undefined, generation: 1 },
})
