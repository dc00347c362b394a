import { expect, test } from 'vitest'
import {
  type DiskId,
  diskIds,
  type GroupSpace,
  type Reader,
  type RecoveryPointId,
  recoveryPointIds,
  StorageError,
  type VolumeGroupId,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'
import { createSpaceHints } from '../../src/volumegroups/space-hints.ts'

const NOW = new Date('2026-05-01T00:00:00Z')
const FULL = new StorageError('NO_SPACE', 'the pool is full', { step: 'check' })

interface Held {
  readonly bytes: bigint
  /** What deleted disks of it take. */
  readonly deleted?: readonly bigint[]
  readonly points?: readonly bigint[]
}

/** Groups that take so much, and what was measured of them. */
function pool(held: readonly Held[], space?: (id: VolumeGroupId) => Promise<GroupSpace>) {
  const groups = held.map(({ bytes, points = [], deleted = [] }) => ({
    deleted: deleted.map((exclusiveBytes) => ({ id: diskIds.create(), exclusiveBytes, sharedBytes: 0n })),
    ...{ id: volumeGroupIds.create(), createdAt: NOW, bytes },
    points: points.map((exclusiveBytes) => ({
      id: recoveryPointIds.create(),
      exclusiveBytes,
      sharedBytes: 0n,
    })),
  }))
  const measured: VolumeGroupId[] = []
  const spaceOf = async (id: VolumeGroupId): Promise<GroupSpace> => {
    measured.push(id)
    const group = groups.find((one) => one.id === id)!
    const { points: recoveryPoints, deleted: disks, bytes } = group
    return { group: { exclusiveBytes: bytes - 1n, sharedBytes: 1n }, disks, recoveryPoints }
  }
  const hints = createSpaceHints({
    store: { space: space ?? spaceOf },
    reader: {
      groups: async () => groups as never,
      deletedThings: async () =>
        groups.flatMap(({ id: groupId, deleted }) => deleted.map(({ id }) => ({ id, groupId }))) as never,
    },
    now: () => NOW,
  })
  return { hints, groups, measured }
}

type Pool = ReturnType<typeof pool>

/** Finds these groups and no others; points of the ids are locked. */
const readerOf = (groups: Pool['groups'], locked: readonly RecoveryPointId[] = []): Reader =>
  ({
    group: async (id: VolumeGroupId) => groups.find((one) => one.id === id),
    deletedDisk: async (id: DiskId) => groups.flatMap(({ deleted }) => deleted).find((one) => one.id === id),
    recoveryPoint: async (id: RecoveryPointId) => {
      const group = groups.find(({ points }) => points.some((point) => point.id === id))
      const lockedUntil = locked.includes(id) ? new Date(NOW.getTime() + 1) : undefined
      return group && { id, groupId: group.id, lockedUntil }
    },
  }) as unknown as Reader

const fixOf = async ({ hints }: Pool, reader: Reader): Promise<string> =>
  ((await hints.explain(FULL, reader)) as StorageError).fix

test('the refusal stays, and names the largest points and groups with what they hold', async () => {
  const one = pool([{ bytes: 100n, points: [5n, 50n] }, { bytes: 300n }, { bytes: 200n, points: [20n] }])
  const [a, b, c] = one.groups
  const told = await one.hints.explain(FULL, readerOf(one.groups))
  expect(told).toMatchObject({ reason: 'NO_SPACE', message: FULL.message, step: 'check' })
  expect((told as StorageError).fix).toBe(
    `Delete recovery points, such as ${a?.points[1]?.id} of ${a?.id} (50 bytes), ` +
      `${c?.points[0]?.id} of ${c?.id} (20 bytes), ${a?.points[0]?.id} of ${a?.id} (5 bytes); ` +
      `or delete disks; the largest groups are ${b?.id} (300 bytes), ${c?.id} (200 bytes), ${a?.id} (100 bytes); ` +
      'or enlarge the pool.',
  )
})

test('it names a few, however many there are', async () => {
  const points = Array.from({ length: 50 }, (_, index) => BigInt(index + 1))
  const one = pool(Array.from({ length: 50 }, () => ({ bytes: 100n, points })))
  const fix = await fixOf(one, readerOf(one.groups))
  expect(fix.match(/\(\d+ bytes\)/g)).toHaveLength(8)
})

test('what the caller does not find is not named; nor is what is locked, or frees nothing', async () => {
  const one = pool([
    { bytes: 900n, points: [800n] },
    { bytes: 100n, points: [60n, 40n, 0n] },
  ])
  const [hidden, own] = one.groups
  const fix = await fixOf(one, readerOf([own!], [own!.points[0]!.id]))
  expect(fix).toContain(own!.points[1]!.id)
  for (const id of [hidden!.id, hidden!.points[0]!.id, own!.points[0]!.id, own!.points[2]!.id]) {
    expect(fix).not.toContain(id)
  }
  expect(await fixOf(one, readerOf([]))).toBe(FULL.fix)
})

test('it is measured once for many refusals, and not for other errors', async () => {
  const one = pool([{ bytes: 100n }])
  const other = new StorageError('DISK_NOT_FOUND', 'no disk')
  expect(await one.hints.explain(other, readerOf(one.groups))).toBe(other)
  expect(one.measured).toEqual([])
  await Promise.all([1, 2, 3].map(() => fixOf(one, readerOf(one.groups))))
  expect(one.measured).toHaveLength(1)
})

test('a measurement that takes long, or fails, holds no refusal up', async () => {
  const slow = pool([{ bytes: 100n }], () => new Promise(() => {}))
  expect(await slow.hints.explain(FULL, readerOf(slow.groups))).toBe(FULL)
  const failing = pool([{ bytes: 100n }], () => Promise.reject(new Error('no such group')))
  expect(await failing.hints.explain(FULL, readerOf(failing.groups))).toBe(FULL)
})

test('deleted disks that can be had again are named first, with their bytes, to those who find them', async () => {
  const full = pool([{ bytes: 10n, deleted: [3n, 7n] }])
  const [small, large] = full.groups[0]!.deleted.map(({ id }) => id)
  expect(await fixOf(full, readerOf(full.groups))).toMatch(
    new RegExp(`^Purge deleted disks, such as ${large} \\(7 bytes\\), ${small} \\(3 bytes\\); or `),
  )
  expect(await fixOf(full, readerOf([]))).not.toContain('deleted')
})
