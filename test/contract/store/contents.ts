import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  type ByteRange,
  type DiskId,
  diskIds,
  recoveryPointIds,
  type StoredPair,
  type VolumeGroupId,
} from '../../../src/volumegroups/index.ts'
import { contentAt, MIB, newDisk, newGroup, newPoint, SIZE, type Use } from './helpers.ts'

const BLOCK = 4096
const SEEDS = [1, 2, 3, 4, 5]
const CHANGES = 80

export function contentTests(use: Use): void {
  test.each(SEEDS)('a delta is exact after random writes, trims and a growth (seed %i)', async (seed) => {
    const groupId = await newGroup(use)
    const diskId = await newDisk(use, groupId)
    const random = createRandom(seed)
    await change(use, { groupId, diskId, sizeBytes: SIZE, random })
    const base = await newPoint(use, groupId, [diskId])
    const sizeBytes = SIZE + BigInt(random(3)) * MIB
    await use().store.growDisk(groupId, diskId, sizeBytes)
    await change(use, { groupId, diskId, sizeBytes, random })
    const target = await newPoint(use, groupId, [diskId])
    await checkDelta(use, { groupId, diskId, base, target }, sizeBytes)
    await checkDelta(use, { groupId, diskId, base: target, target: base }, sizeBytes)
    await checkAllocated(use, { groupId, diskId, point: target }, sizeBytes)
  })

  test('a delta is exact across a revert, and of a clone', async () => {
    const random = createRandom(6)
    const groupId = await newGroup(use)
    const diskId = await newDisk(use, groupId)
    await change(use, { groupId, diskId, sizeBytes: SIZE, random })
    const first = await newPoint(use, groupId, [diskId])
    await change(use, { groupId, diskId, sizeBytes: SIZE, random })
    const second = await newPoint(use, groupId, [diskId])
    await use().store.revertGroup(groupId, first, recoveryPointIds.create())
    await change(use, { groupId, diskId, sizeBytes: SIZE, random })
    const clone = diskIds.create()
    await use().store.createDisk(groupId, clone, SIZE, { kind: 'disk', groupId, diskId })
    const third = await newPoint(use, groupId, [diskId, clone])
    await change(use, { groupId, diskId: clone, sizeBytes: SIZE, random })
    const fourth = await newPoint(use, groupId, [clone])
    await checkDelta(use, { groupId, diskId, base: second, target: third }, SIZE)
    await checkDelta(use, { groupId, diskId: clone, base: third, target: fourth }, SIZE)
  })

  test('what did not change has no delta, and a blank disk nothing allocated', async () => {
    const groupId = await newGroup(use)
    const diskId = await newDisk(use, groupId)
    const [base, target] = [await newPoint(use, groupId, [diskId]), await newPoint(use, groupId, [diskId])]
    expect(await rangesOf(use().store.delta({ groupId, diskId, base, target }))).toEqual([])
    expect(await rangesOf(use().store.allocated({ kind: 'disk', groupId, diskId }))).toEqual([])
    await use().write(use().store.backingPath(groupId, diskId), BLOCK, Buffer.alloc(BLOCK, 1))
    const block = [{ offsetBytes: BigInt(BLOCK), lengthBytes: BigInt(BLOCK) }]
    expect(await rangesOf(use().store.allocated({ kind: 'disk', groupId, diskId }))).toEqual(block)
    expect(await rangesOf(use().store.allocated({ kind: 'disk', groupId, diskId }, SIZE))).toEqual([])
  })

  test('a delta of what is not there names it', async () => {
    const groupId = await newGroup(use)
    const diskId = await newDisk(use, groupId)
    const [base, target] = [await newPoint(use, groupId, [diskId]), recoveryPointIds.create()]
    const missing = { reason: 'RECOVERY_POINT_NOT_FOUND', entity: { id: target } }
    await expect(rangesOf(use().store.delta({ groupId, diskId, base, target }))).rejects.toMatchObject(
      missing,
    )
    const other = { kind: 'disk', groupId, diskId: diskIds.create() } as const
    await expect(rangesOf(use().store.allocated(other))).rejects.toMatchObject({ reason: 'DISK_NOT_FOUND' })
  })
}

export function spaceTests(use: Use): void {
  test('space is counted by who holds it', async () => {
    const groupId = await newGroup(use)
    const diskId = await newDisk(use, groupId)
    const path = use().store.backingPath(groupId, diskId)
    const space = () => use().store.space(groupId)
    const nothing = { exclusiveBytes: 0n, sharedBytes: 0n }
    expect(await space()).toEqual({ group: nothing, disks: [{ id: diskId, ...nothing }], recoveryPoints: [] })
    await use().write(path, 0, randomBytes(Number(2n * MIB)))
    expect(await space()).toMatchObject({ group: { exclusiveBytes: 2n * MIB, sharedBytes: 0n } })
    const point = await newPoint(use, groupId, [diskId])
    const shared = { exclusiveBytes: 0n, sharedBytes: 2n * MIB }
    expect(await space()).toEqual({
      group: shared,
      disks: [{ id: diskId, ...shared }],
      recoveryPoints: [{ id: point, ...shared }],
    })
    await use().write(path, 0, randomBytes(Number(2n * MIB)))
    const exclusive = { exclusiveBytes: 2n * MIB, sharedBytes: 0n }
    expect(await space()).toEqual({
      group: { exclusiveBytes: 4n * MIB, sharedBytes: 0n },
      disks: [{ id: diskId, ...exclusive }],
      recoveryPoints: [{ id: point, ...exclusive }],
    })
  })

  test('what is written is not available from then on; what is deleted is so again when it is reclaimed', async () => {
    const groupId = await newGroup(use)
    const diskId = await newDisk(use, groupId)
    const available = async () => (await use().store.capacity()).availableBytes
    await use().store.reclaim()
    const before = await available()
    await use().write(use().store.backingPath(groupId, diskId), 0, randomBytes(Number(SIZE)))
    expect(before - (await available())).toBeGreaterThanOrEqual(SIZE)
    const point = await newPoint(use, groupId, [diskId])
    await use().store.deleteDisk(groupId, diskId)
    await use().store.reclaim()
    expect(before - (await available())).toBeGreaterThanOrEqual(SIZE)
    await use().store.deleteRecoveryPoint(groupId, point)
    await use().store.reclaim()
    expect(before - (await available())).toBeLessThan(SIZE)
  })
}

type Random = (below: number) => number

/** Numbers that only look random (a linear congruential generator), so that a failure can be had again. */
function createRandom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

interface Changing {
  readonly groupId: VolumeGroupId
  readonly diskId: DiskId
  readonly sizeBytes: bigint
  readonly random: Random
}

async function change(use: Use, { groupId, diskId, sizeBytes, random }: Changing): Promise<void> {
  const path = use().store.backingPath(groupId, diskId)
  for (let count = 0; count < CHANGES; count++) {
    const length = BLOCK * (1 + random(16))
    const offset = BLOCK * random((Number(sizeBytes) - length) / BLOCK)
    if (random(4) === 0) await use().trim(path, offset, length)
    else if (random(8) === 0) await use().write(path, offset + random(BLOCK), randomBytes(1 + random(BLOCK)))
    else await use().write(path, offset, randomBytes(length))
  }
}

/** The base with the target's bytes in the ranges of the delta is the target; nothing else is in the delta. */
async function checkDelta(use: Use, images: StoredPair, sizeBytes: bigint): Promise<void> {
  const ranges = await rangesOf(use().store.delta(images))
  checkShape(ranges)
  const base = await contentAt(use, { ...images, point: images.base }, sizeBytes)
  const target = await contentAt(use, { ...images, point: images.target }, sizeBytes)
  const changed = differingBytes(base, target)
  for (const range of ranges) copy(target, base, range)
  expect(base.equals(target)).toBe(true)
  expect(sumOf(ranges)).toBeLessThanOrEqual(changed * 1.05)
  expect(changed).toBeGreaterThan(0)
  await checkContinuation(ranges, (from) => use().store.delta(images, from))
}

async function checkAllocated(
  use: Use,
  image: { groupId: VolumeGroupId; diskId: DiskId; point: StoredPair['base'] },
  sizeBytes: bigint,
): Promise<void> {
  const { groupId, diskId, point } = image
  const source = { kind: 'recoveryPoint', groupId, diskId, recoveryPointId: point } as const
  const ranges = await rangesOf(use().store.allocated(source))
  checkShape(ranges)
  const content = await contentAt(use, image, sizeBytes)
  const rebuilt = Buffer.alloc(content.length)
  for (const range of ranges) copy(content, rebuilt, range)
  expect(rebuilt.equals(content)).toBe(true)
  expect(sumOf(ranges)).toBe(differingBytes(content, Buffer.alloc(content.length)))
  await checkContinuation(ranges, (from) => use().store.allocated(source, from))
}

/** From the middle on, the same as from the start on. */
async function checkContinuation(
  ranges: readonly ByteRange[],
  from: (bytes: bigint) => AsyncIterable<ByteRange>,
): Promise<void> {
  const middle = Math.floor(ranges.length / 2)
  const { offsetBytes, lengthBytes } = ranges[middle] as ByteRange
  const start = offsetBytes + BigInt(BLOCK)
  const rest = { offsetBytes: start, lengthBytes: lengthBytes - BigInt(BLOCK) }
  const expected = [...(rest.lengthBytes > 0n ? [rest] : []), ...ranges.slice(middle + 1)]
  expect(await rangesOf(from(start))).toEqual(expected)
}

function checkShape(ranges: readonly ByteRange[]): void {
  let end = -1n
  for (const { offsetBytes, lengthBytes } of ranges) {
    expect(offsetBytes > end && lengthBytes > 0n).toBe(true)
    expect([offsetBytes % BigInt(BLOCK), lengthBytes % BigInt(BLOCK)]).toEqual([0n, 0n])
    end = offsetBytes + lengthBytes
  }
}

async function rangesOf(ranges: AsyncIterable<ByteRange>): Promise<ByteRange[]> {
  return Array.fromAsync(ranges)
}

const sumOf = (ranges: readonly ByteRange[]): number =>
  ranges.reduce((sum, { lengthBytes }) => sum + Number(lengthBytes), 0)

function copy(from: Buffer, to: Buffer, { offsetBytes, lengthBytes }: ByteRange): void {
  from.copy(to, Number(offsetBytes), Number(offsetBytes), Number(offsetBytes + lengthBytes))
}

/** How many bytes the blocks have that are not the same in both. */
function differingBytes(one: Buffer, other: Buffer): number {
  let bytes = 0
  for (let at = 0; at < one.length; at += BLOCK) {
    if (!one.subarray(at, at + BLOCK).equals(other.subarray(at, at + BLOCK))) bytes += BLOCK
  }
  return bytes
}
