import {
  decodeManifest,
  decodeOwner,
  encodeManifest,
  encodeOwner,
} from '../../src/host/stores/manifest-file.ts'
import { refusals } from '../../src/host/stores/refusals.ts'
import type {
  DiskId,
  Manifest,
  RecoveryPointId,
  Store,
  StoredThing,
  StoreSource,
  VolumeGroupId,
} from '../../src/volumegroups/index.ts'
import { contentMethods, spaceOf } from './memory-contents.ts'
import { BLOCK_BYTES, createSparseImage, type SparseImage } from './sparse-image.ts'

interface Image {
  readonly disks: Map<DiskId, SparseImage>
  manifest: string | undefined
}

interface Group {
  readonly active: Image
  readonly points: Map<RecoveryPointId, Image>
}

/** What a memory store holds. It outlives the store, as a pool outlives the element. */
export interface MemoryPool {
  readonly groups: Map<VolumeGroupId, Group>
  readonly totalBytes: bigint
  /** What says whose it is. */
  owner: string | undefined
  /** What was put aside, by its name. */
  readonly quarantine: Map<string, Group | Image | SparseImage>
}

export const createMemoryPool = (totalBytes = 1024n ** 4n): MemoryPool => ({
  groups: new Map(),
  owner: undefined,
  totalBytes,
  quarantine: new Map(),
})

export interface MemoryStore extends Store {
  /** The contents behind a backing path. */
  open(backingPath: string): SparseImage
  /** Flips one character of the group's manifest. */
  damageManifest(group: VolumeGroupId): void
}

const pathOf = (group: VolumeGroupId, disk: DiskId): string => `memory:/${group}/${disk}`

/** A Store without a disk: the same promises as btrfs, contents in sparse buffers. */
export function createMemoryStore(pool: MemoryPool = createMemoryPool()): MemoryStore {
  return {
    abilities: { groupAtomic: true, delta: true, stream: false },
    capacity: async () => ({
      totalBytes: pool.totalBytes,
      availableBytes: availableBytes(pool),
      maximumDiskBytes: availableBytes(pool),
    }),
    reclaim: async () => {},
    ...groupMethods(pool),
    ...diskMethods(pool),
    ...recoveryPointMethods(pool),
    ...contentMethods((source) => sourceImage(pool, source)),
    space: async (id) => spaceOf(groupOf(pool, id), pool.groups.values()),
    quarantine: async (thing) => putAside(pool, thing),
    backingPath: pathOf,
    inspectPoint: async (id, pointId) => {
      const point = groupOf(pool, id).points.get(pointId)
      if (point === undefined) throw refusals.noRecoveryPoint(pointId)
      const disks = [...point.disks].map(([diskId, { sizeBytes }]) => ({ id: diskId, sizeBytes }))
      return { id: pointId, disks, createdAt: new Date(0) }
    },
    readOwner: async () => (pool.owner === undefined ? undefined : decodeOwner(pool.owner)),
    writeOwner: async (owner) => {
      pool.owner = encodeOwner(owner)
    },
    inventory: async () =>
      [...pool.groups].map(([id, { active, points }]) => ({
        id,
        disks: [...active.disks].map(([diskId, { sizeBytes }]) => ({ id: diskId, sizeBytes })),
        recoveryPoints: [...points.keys()],
      })),
    open: (backingPath) => {
      const [groupId, diskId] = backingPath.slice('memory:/'.length).split('/')
      return diskOf(groupOf(pool, groupId as VolumeGroupId).active, diskId as DiskId)
    },
    damageManifest: (id) => {
      const { active } = groupOf(pool, id)
      active.manifest = active.manifest?.replace('"generation"', '"generatiom"')
    },
  }
}

function groupMethods(pool: MemoryPool) {
  return {
    createGroup: async (id: VolumeGroupId) => {
      if (!pool.groups.has(id)) {
        pool.groups.set(id, { active: { disks: new Map(), manifest: undefined }, points: new Map() })
      }
    },
    deleteGroup: async (id: VolumeGroupId) => {
      const group = pool.groups.get(id)
      const held = [...(group?.active.disks.keys() ?? []), ...(group?.points.keys() ?? [])]
      if (held.length > 0) throw refusals.notEmpty(id, held)
      pool.groups.delete(id)
    },
    writeManifest: async (manifest: Manifest) => {
      groupOf(pool, manifest.group.id).active.manifest = encodeManifest(manifest)
    },
    readManifest: async (id: VolumeGroupId) => {
      const text = groupOf(pool, id).active.manifest
      return text === undefined ? undefined : decodeManifest(text, id)
    },
  }
}

function diskMethods(pool: MemoryPool) {
  return {
    createDisk: async (groupId: VolumeGroupId, id: DiskId, sizeBytes: bigint, source?: StoreSource) => {
      const { disks } = groupOf(pool, groupId).active
      const existing = disks.get(id)
      if (existing?.sizeBytes === sizeBytes) return
      if (existing) throw refusals.otherSize(id, existing.sizeBytes, sizeBytes)
      const from = source && sourceImage(pool, source)
      if (from && from.sizeBytes > sizeBytes) throw refusals.sourceLarger(id, from.sizeBytes, sizeBytes)
      reserve(pool, sizeBytes)
      const made = from?.clone() ?? createSparseImage(sizeBytes)
      made.grow(sizeBytes)
      disks.set(id, made)
    },
    growDisk: async (groupId: VolumeGroupId, id: DiskId, sizeBytes: bigint) => {
      const disk = diskOf(groupOf(pool, groupId).active, id)
      if (disk.sizeBytes >= sizeBytes) return
      reserve(pool, sizeBytes - disk.sizeBytes)
      disk.grow(sizeBytes)
    },
    deleteDisk: async (groupId: VolumeGroupId, id: DiskId) => {
      pool.groups.get(groupId)?.active.disks.delete(id)
    },
  }
}

function recoveryPointMethods(pool: MemoryPool) {
  return {
    createRecoveryPoint: async (groupId: VolumeGroupId, id: RecoveryPointId, diskIds: readonly DiskId[]) => {
      const { active, points } = groupOf(pool, groupId)
      const existing = points.get(id)
      if (existing) {
        const same =
          existing.disks.size === diskIds.length && diskIds.every((disk) => existing.disks.has(disk))
        if (!same) throw refusals.otherDisks(id)
        return
      }
      const disks = new Map(diskIds.map((diskId) => [diskId, diskOf(active, diskId).clone()]))
      points.set(id, { disks, manifest: active.manifest })
    },
    deleteRecoveryPoint: async (groupId: VolumeGroupId, id: RecoveryPointId) => {
      pool.groups.get(groupId)?.points.delete(id)
    },
    revertGroup: async (groupId: VolumeGroupId, id: RecoveryPointId, keepAs: RecoveryPointId) => {
      const { active, points } = groupOf(pool, groupId)
      const point = points.get(id)
      if (point === undefined) throw refusals.noRecoveryPoint(id)
      if (!points.has(keepAs)) points.set(keepAs, copyOf(active))
      for (const [diskId, { sizeBytes }] of active.disks) {
        if (!points.get(keepAs)?.disks.has(diskId)) continue
        const reverted = point.disks.get(diskId)?.clone()
        reverted?.grow(sizeBytes)
        if (reverted) active.disks.set(diskId, reverted)
      }
    },
  }
}

const copyOf = ({ disks, manifest }: Image): Image => ({
  disks: new Map([...disks].map(([id, image]) => [id, image.clone()])),
  manifest,
})

function putAside({ groups, quarantine }: MemoryPool, thing: StoredThing): void {
  const group = groups.get(thing.groupId)
  const move = <Id extends string, Held extends Group | Image | SparseImage>(from: Map<Id, Held>, id: Id) => {
    const held = from.get(id)
    if (held) quarantine.set(id, held)
    from.delete(id)
  }
  if (thing.kind === 'volumeGroup') move(groups, thing.groupId)
  else if (thing.kind === 'disk') group && move(group.active.disks, thing.diskId)
  else group && move(group.points, thing.recoveryPointId)
}

function groupOf(pool: MemoryPool, id: VolumeGroupId): Group {
  const group = pool.groups.get(id)
  if (group === undefined) throw refusals.noGroup(id)
  return group
}

function diskOf(image: Image, id: DiskId): SparseImage {
  const disk = image.disks.get(id)
  if (disk === undefined) throw refusals.noDisk(id)
  return disk
}

function sourceImage(pool: MemoryPool, source: StoreSource): SparseImage {
  const group = groupOf(pool, source.groupId)
  if (source.kind === 'disk') return diskOf(group.active, source.diskId)
  const point = group.points.get(source.recoveryPointId)
  if (point === undefined) throw refusals.noRecoveryPoint(source.recoveryPointId)
  const disk = point.disks.get(source.diskId)
  if (disk === undefined) throw refusals.noRecoveryPoint(source.recoveryPointId, source.diskId)
  return disk
}

/** Blocks that clones share are used once. */
function availableBytes(pool: MemoryPool): bigint {
  const held = new Set<Buffer>()
  for (const { active, points } of pool.groups.values()) {
    for (const { disks } of [active, ...points.values()]) {
      for (const { blocks } of disks.values()) for (const block of blocks.values()) held.add(block)
    }
  }
  const used = BigInt(held.size * BLOCK_BYTES)
  return used > pool.totalBytes ? 0n : pool.totalBytes - used
}

/** As a real pool: what is asked for must fit now, though it is allocated only when written. */
function reserve(pool: MemoryPool, neededBytes: bigint): void {
  const available = availableBytes(pool)
  if (neededBytes > available) throw refusals.noSpace(neededBytes, available)
}
