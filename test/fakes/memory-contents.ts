import { allocatedRanges, changedRanges, type Extent } from '../../src/host/stores/extents.ts'
import type {
  DiskId,
  GroupSpace,
  RecoveryPointId,
  SpaceUse,
  Store,
  StoreSource,
} from '../../src/volumegroups/index.ts'
import { BLOCK_BYTES, type SparseImage } from './sparse-image.ts'

type Images = ReadonlyMap<DiskId, SparseImage>
interface GroupImages {
  readonly active: { readonly disks: Images }
  readonly points: ReadonlyMap<RecoveryPointId, { readonly disks: Images }>
}

/** What of a disk is allocated, and what differs between two of its images. */
export function contentMethods(
  find: (source: StoreSource) => SparseImage,
): Pick<Store, 'allocated' | 'delta'> {
  return {
    allocated: async function* (image, fromBytes = 0n) {
      yield* allocatedRanges(extentsOf(find(image), fromBytes))
    },
    delta: async function* ({ groupId, diskId, base, target }, fromBytes = 0n) {
      const [old, now] = [base, target].map((recoveryPointId) => {
        const image = find({ kind: 'recoveryPoint', groupId, recoveryPointId, diskId })
        return extentsOf(image, fromBytes)
      })
      yield* changedRanges(old as Extents, now as Extents)
    },
  }
}

type Extents = AsyncGenerator<Extent>
const BLOCK = BigInt(BLOCK_BYTES)

async function* extentsOf({ blocks }: SparseImage, fromBytes: bigint): Extents {
  const first = Number(fromBytes / BLOCK)
  for (const index of [...blocks.keys()].filter((index) => index >= first).sort((a, b) => a - b)) {
    const startBytes = BigInt(index) * BLOCK
    yield { startBytes, endBytes: startBytes + BLOCK, placeBytes: placeOf(blocks.get(index) as Buffer) }
  }
}

/** Clones share a block's buffer until one of them writes. */
const places = new WeakMap<Buffer, bigint>()
let nextPlace = 0n

function placeOf(block: Buffer): bigint {
  const place = places.get(block) ?? nextPlace++ * BLOCK
  places.set(block, place)
  return place
}

/** What the group takes, by who else in the pool holds each block. */
export function spaceOf(group: GroupImages, pool: Iterable<GroupImages>): GroupSpace {
  const holders = new Map<Buffer, number>()
  for (const { active, points } of pool) {
    for (const { disks } of [active, ...points.values()]) {
      for (const { blocks } of disks.values()) {
        for (const block of blocks.values()) holders.set(block, (holders.get(block) ?? 0) + 1)
      }
    }
  }
  const useOf = (blocks: Iterable<Buffer>): SpaceUse => {
    const found = [...blocks]
    const exclusive = found.filter((block) => holders.get(block) === 1).length
    return {
      exclusiveBytes: BigInt(exclusive) * BLOCK,
      sharedBytes: BigInt(found.length - exclusive) * BLOCK,
    }
  }
  const blocksOf = (disks: Images) => [...disks.values()].flatMap(({ blocks }) => [...blocks.values()])
  const images = [group.active, ...group.points.values()]
  return {
    group: useOf(new Set(images.flatMap(({ disks }) => blocksOf(disks)))),
    disks: [...group.active.disks].map(([id, { blocks }]) => ({ id, ...useOf(blocks.values()) })),
    recoveryPoints: [...group.points].map(([id, { disks }]) => ({ id, ...useOf(blocksOf(disks)) })),
  }
}
