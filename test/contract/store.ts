import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DiskId, Manifest, VolumeGroupId } from '../../src/volumegroups/index.ts'
import {
  diskIds,
  policyIds,
  projectIdFor,
  ROOT_PROJECT_ID,
  recoveryPointIds,
  volumeGroupIds,
} from '../../src/volumegroups/index.ts'
import { contentTests, spaceTests } from './store/contents.ts'
import {
  get,
  MIB,
  newDisk,
  newGroup,
  put,
  SIZE,
  type StoreHarness,
  stored,
  type Use,
} from './store/helpers.ts'
import { quarantineTests, revertTests } from './store/revert.ts'

/** Every Store passes this suite. */
export function storeContract(name: string, make: () => Promise<StoreHarness>): void {
  describe(`${name} keeps the store contract`, () => {
    let harness: StoreHarness
    beforeAll(async () => {
      harness = await make()
    })
    afterAll(async () => {
      await harness?.[Symbol.asyncDispose]()
    })
    const use: Use = () => harness

    groupTests(use)
    diskTests(use)
    cloneTests(use)
    recoveryPointTests(use)
    manifestTests(use)
    ownerTests(use)
    contentTests(use)
    spaceTests(use)
    revertTests(use)
    quarantineTests(use)
    orderTests(use)
  })
}

function groupTests(use: Use): void {
  test('a group is made, found and deleted, each as often as one likes', async () => {
    const group = await newGroup(use)
    await use().store.createGroup(group)
    expect(await stored(use, group)).toEqual({ id: group, disks: [], recoveryPoints: [] })
    await use().store.deleteGroup(group)
    await use().store.deleteGroup(group)
    expect(await stored(use, group)).toBeUndefined()
  })

  test('a group that holds a disk or a recovery point is not deleted', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group, 'kept')
    const refusal = { reason: 'VOLUME_GROUP_NOT_EMPTY' }
    await expect(use().store.deleteGroup(group)).rejects.toMatchObject(refusal)
    expect(await get(use, group, disk, 4)).toBe('kept')
    const point = recoveryPointIds.create()
    await use().store.createRecoveryPoint(group, point, [disk])
    await use().store.deleteDisk(group, disk)
    await expect(use().store.deleteGroup(group)).rejects.toMatchObject(refusal)
    await use().store.deleteRecoveryPoint(group, point)
    await use().store.deleteGroup(group)
  })

  test('what is not there is named', async () => {
    const group = volumeGroupIds.create()
    const noGroup = { reason: 'VOLUME_GROUP_NOT_FOUND', entity: { id: group } }
    await expect(use().store.createDisk(group, diskIds.create(), SIZE)).rejects.toMatchObject(noGroup)
    await expect(use().store.readManifest(group)).rejects.toMatchObject(noGroup)
    const made = await newGroup(use)
    const disk = diskIds.create()
    const noDisk = { reason: 'DISK_NOT_FOUND', entity: { id: disk } }
    await expect(use().store.growDisk(made, disk, SIZE)).rejects.toMatchObject(noDisk)
    const point = recoveryPointIds.create()
    await expect(use().store.createRecoveryPoint(made, point, [disk])).rejects.toMatchObject(noDisk)
    expect(await stored(use, made)).toEqual({ id: made, disks: [], recoveryPoints: [] })
  })

  test('everything is there after a restart', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group)
    const point = recoveryPointIds.create()
    await use().store.createRecoveryPoint(group, point, [disk])
    const found = (await use().reopen().inventory()).find(({ id }) => id === group)
    expect(found).toEqual({ id: group, disks: [{ id: disk, sizeBytes: SIZE }], recoveryPoints: [point] })
  })
}

function diskTests(use: Use): void {
  test('a new disk is blank and of exactly its size', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group)
    expect(await get(use, group, disk, 16, Number(SIZE) - 16)).toBe('\0'.repeat(16))
    await expect(stored(use, group)).resolves.toMatchObject({ disks: [{ id: disk, sizeBytes: SIZE }] })
  })

  test('disks take space only when they are written: three of more than half of the pool fit', async () => {
    const group = await newGroup(use)
    const { maximumDiskBytes } = await use().store.capacity()
    const sizeBytes = (maximumDiskBytes / MIB / 5n) * 3n * MIB
    for (const id of [diskIds.create(), diskIds.create(), diskIds.create()]) {
      await use().store.createDisk(group, id, sizeBytes)
      await put(use, group, id, 'end', Number(sizeBytes) - 3)
    }
    expect((await stored(use, group))?.disks).toHaveLength(3)
  })

  test('creating a disk again changes nothing; another size is refused', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group, 'mine')
    await use().store.createDisk(group, disk, SIZE)
    expect(await get(use, group, disk, 4)).toBe('mine')
    const other = use().store.createDisk(group, disk, 2n * SIZE)
    await expect(other).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH', entity: { id: disk } })
  })

  test('a disk grows, keeps its content, and never shrinks', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group, 'mine')
    for (const sizeBytes of [2n * SIZE, 2n * SIZE, SIZE]) await use().store.growDisk(group, disk, sizeBytes)
    await expect(stored(use, group)).resolves.toMatchObject({ disks: [{ id: disk, sizeBytes: 2n * SIZE }] })
    expect(await get(use, group, disk, 4)).toBe('mine')
    expect(await get(use, group, disk, 4, 2 * Number(SIZE) - 4)).toBe('\0\0\0\0')
  })

  test('a disk is deleted, as often as one likes, also when its group is gone', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group)
    await use().store.deleteDisk(group, disk)
    await use().store.deleteDisk(group, disk)
    await expect(stored(use, group)).resolves.toMatchObject({ disks: [] })
    await use().store.deleteDisk(volumeGroupIds.create(), disk)
    await use().store.deleteRecoveryPoint(volumeGroupIds.create(), recoveryPointIds.create())
  })

  test('a disk larger than the free space is refused and leaves nothing', async () => {
    const group = await newGroup(use)
    const disk = diskIds.create()
    const { totalBytes, availableBytes, maximumDiskBytes } = await use().store.capacity()
    expect(availableBytes).toBeLessThanOrEqual(totalBytes)
    const tooLarge = maximumDiskBytes + 1024n * MIB
    const refusal = { reason: 'NO_SPACE', kind: 'no_space' }
    await expect(use().store.createDisk(group, disk, tooLarge)).rejects.toMatchObject(refusal)
    const small = await newDisk(use, group)
    await expect(use().store.growDisk(group, small, tooLarge)).rejects.toMatchObject(refusal)
    await expect(stored(use, group)).resolves.toMatchObject({ disks: [{ id: small, sizeBytes: SIZE }] })
  })
}

function cloneTests(use: Use): void {
  test('a clone has the content of its source, in another group too, and each goes its own way', async () => {
    const [group, other] = [await newGroup(use), await newGroup(use)]
    const source = await newDisk(use, group, 'source')
    for (const home of [group, other]) {
      const clone = diskIds.create()
      const from = { kind: 'disk', groupId: group, diskId: source } as const
      await use().store.createDisk(home, clone, 2n * SIZE, from)
      expect(await get(use, home, clone, 6)).toBe('source')
      await put(use, home, clone, 'clone!')
      await use().store.createDisk(home, clone, 2n * SIZE, from)
      expect(await get(use, home, clone, 6)).toBe('clone!')
      expect(await get(use, group, source, 6)).toBe('source')
      expect(await get(use, home, clone, 2, 2 * Number(SIZE) - 2)).toBe('\0\0')
    }
    await use().store.deleteDisk(group, source)
  })

  test('a source that is missing, or larger than the disk, is refused and leaves nothing', async () => {
    const group = await newGroup(use)
    const source = await newDisk(use, group)
    const disk = diskIds.create()
    const create = (sizeBytes: bigint, diskId: DiskId) =>
      use().store.createDisk(group, disk, sizeBytes, { kind: 'disk', groupId: group, diskId })
    await expect(create(SIZE, diskIds.create())).rejects.toMatchObject({ reason: 'DISK_NOT_FOUND' })
    await expect(create(SIZE - MIB, source)).rejects.toMatchObject({ reason: 'SIZE_OUT_OF_RANGE' })
    await expect(stored(use, group)).resolves.toMatchObject({ disks: [{ id: source }] })
  })

  test('a disk is restored from a recovery point, grown, also when the original is gone', async () => {
    const group = await newGroup(use)
    const disk = await newDisk(use, group, 'then')
    const point = recoveryPointIds.create()
    await use().store.createRecoveryPoint(group, point, [disk])
    await put(use, group, disk, 'now!')
    await use().store.deleteDisk(group, disk)
    const restored = diskIds.create()
    const from = { kind: 'recoveryPoint', groupId: group, recoveryPointId: point, diskId: disk } as const
    await use().store.createDisk(group, restored, SIZE + MIB, from)
    expect(await get(use, group, restored, 4)).toBe('then')
    await put(use, group, restored, 'next')
    const again = diskIds.create()
    await use().store.createDisk(group, again, SIZE, from)
    expect(await get(use, group, again, 4)).toBe('then')
    await use().store.deleteRecoveryPoint(group, point)
    expect(await get(use, group, again, 4)).toBe('then')
  })
}

function recoveryPointTests(use: Use): void {
  test('a recovery point holds exactly the disks it names, is made once, and is deleted', async () => {
    const group = await newGroup(use)
    const [kept, left] = [await newDisk(use, group, 'kept'), await newDisk(use, group, 'left')]
    const point = recoveryPointIds.create()
    await use().store.createRecoveryPoint(group, point, [kept])
    await put(use, group, kept, 'new!')
    await use().store.createRecoveryPoint(group, point, [kept])
    const restore = (diskId: DiskId, id: DiskId) =>
      use().store.createDisk(group, id, SIZE, {
        kind: 'recoveryPoint',
        groupId: group,
        recoveryPointId: point,
        diskId,
      })
    const restored = diskIds.create()
    await restore(kept, restored)
    expect(await get(use, group, restored, 4)).toBe('kept')
    const missing = { reason: 'RECOVERY_POINT_NOT_FOUND' }
    await expect(restore(left, diskIds.create())).rejects.toMatchObject(missing)
    await use().store.deleteRecoveryPoint(group, point)
    await use().store.deleteRecoveryPoint(group, point)
    await expect(restore(kept, diskIds.create())).rejects.toMatchObject(missing)
    expect(await get(use, group, kept, 4)).toBe('new!')
  })

  test('a recovery point that exists with other disks is refused', async () => {
    const group = await newGroup(use)
    const [one, two] = [await newDisk(use, group), await newDisk(use, group)]
    const point = recoveryPointIds.create()
    await use().store.createRecoveryPoint(group, point, [one])
    const other = use().store.createRecoveryPoint(group, point, [one, two])
    await expect(other).rejects.toMatchObject({ reason: 'IDENTITY_MISMATCH', entity: { id: point } })
  })
}

const POLICY: Manifest['policies'][number] = {
  ...{ id: policyIds.create(), name: 'daily', project: '/', generation: 4, createdAt: new Date(3) },
  ...{
    kind: 'snapshot',
    schedules: [{ kind: 'cron', cron: '0 3 * * *', timeZone: 'Europe/Berlin' }],
    lockMs: 5,
  },
  retention: {
    ...{ newest: 1, hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: 0 },
    ...{ timeZone: 'UTC', minimumKept: 1 },
  },
}

function manifestTests(use: Use): void {
  const manifestOf = (id: VolumeGroupId, generation: number): Manifest => ({
    version: 2,
    elementId: 'c1b2',
    projects: [
      { id: ROOT_PROJECT_ID, path: '/', generation: 1, createdAt: new Date(0) },
      { id: projectIdFor('/team-a'), path: '/team-a', generation: 7, createdAt: new Date(1) },
    ],
    policySettings: [
      { target: { kind: 'project', path: '/' }, kind: 'snapshot', policyId: POLICY.id, setAt: new Date(2) },
    ],
    policies: [POLICY],
    group: {
      id,
      name: 'shop',
      project: '/team-a',
      implicit: false,
      generation,
      epoch: 3,
      labels: { tier: 'gold' },
      createdAt: new Date('2026-01-02T03:04:05.678Z'),
    },
    disks: [
      {
        id: diskIds.create(),
        groupId: id,
        name: 'data "ü"',
        sizeBytes: 2n ** 60n + 1n,
        lun: 7,
        attributes: { createdAt: 'a word', sizeBytes: '12' },
        source: undefined,
        generation: 2,
        createdAt: new Date(0),
      },
    ],
    recoveryPoints: [
      {
        id: recoveryPointIds.create(),
        groupId: id,
        name: 'nightly',
        grouped: true,
        disks: [{ diskId: diskIds.create(), sizeBytes: SIZE }],
        ...{ reason: 'schedule', expiresAt: undefined, lockedUntil: new Date(2), labels: { app: 'x' } },
        generation: 3,
        createdAt: new Date(1),
      },
    ],
  })

  test('a manifest comes back as it was written; the newer one replaces the older', async () => {
    const group = await newGroup(use)
    expect(await use().store.readManifest(group)).toBeUndefined()
    await use().store.writeManifest(manifestOf(group, 1))
    const newer = manifestOf(group, 2)
    await use().store.writeManifest(newer)
    expect(await use().store.readManifest(group)).toEqual(newer)
    await use().store.deleteGroup(group)
  })

  test('a damaged manifest is never taken for a good one, and can be written anew', async () => {
    const group = await newGroup(use)
    const manifest = manifestOf(group, 1)
    await use().store.writeManifest(manifest)
    await use().damageManifest(group)
    await expect(use().store.readManifest(group)).rejects.toMatchObject({ reason: 'MANIFEST_DAMAGED' })
    await use().store.writeManifest(manifest)
    expect(await use().store.readManifest(group)).toEqual(manifest)
  })
}

function ownerTests(use: Use): void {
  test('whose the pool is comes back as it was written', async () => {
    const { store } = use()
    await store.writeOwner({ elementId: 'a', incarnation: 'first' })
    await store.writeOwner({ elementId: 'a', incarnation: 'second' })
    expect(await use().reopen().readOwner()).toEqual({ elementId: 'a', incarnation: 'second' })
  })

  test('a recovery point tells what it holds', async () => {
    const group = await newGroup(use)
    const [one] = [await newDisk(use, group), await newDisk(use, group)]
    const point = recoveryPointIds.create()
    await use().store.createRecoveryPoint(group, point, [one])
    await use().store.deleteDisk(group, one)
    const found = await use().store.inspectPoint(group, point)
    expect(found).toEqual({ id: point, disks: [{ id: one, sizeBytes: SIZE }], createdAt: expect.any(Date) })
    await expect(use().store.inspectPoint(group, recoveryPointIds.create())).rejects.toMatchObject({
      reason: 'RECOVERY_POINT_NOT_FOUND',
    })
  })
}

const ROUNDS = 30
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function orderTests(use: Use): void {
  test('a recovery point is one instant of three disks under a writer', async () => {
    const group = await newGroup(use)
    const disks = [await newDisk(use, group), await newDisk(use, group), await newDisk(use, group)]
    const stop = new AbortController()
    const writer = writeInOrder(use, group, { disks, signal: stop.signal })
    const written: number[][] = []
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const point = recoveryPointIds.create()
        await use().store.createRecoveryPoint(group, point, disks)
        written.push(await sequencesIn(use, group, { point, disks }))
        await use().store.deleteRecoveryPoint(group, point)
        await nextTurn()
      }
    } finally {
      stop.abort()
      await writer
    }
    for (const [a = 0, b = 0, c = 0] of written) {
      expect(a >= b && b >= c && c >= a - 1, `${a} ${b} ${c} are of one instant`).toBe(true)
    }
    expect(written.at(-1)?.[0]).toBeGreaterThan(written.at(0)?.[0] ?? 0)
  })
}

/** Writes 1, 2, 3, … to each disk in turn; a disk gets a number only when the disk before it has it. */
async function writeInOrder(
  use: Use,
  group: VolumeGroupId,
  { disks, signal }: { disks: readonly DiskId[]; signal: AbortSignal },
): Promise<void> {
  for (let sequence = 1; !signal.aborted; sequence++) {
    for (const disk of disks) await put(use, group, disk, String(sequence).padStart(8, '0'))
    await nextTurn()
  }
}

async function sequencesIn(
  use: Use,
  groupId: VolumeGroupId,
  { point, disks }: { point: ReturnType<typeof recoveryPointIds.create>; disks: readonly DiskId[] },
): Promise<number[]> {
  const sequences: number[] = []
  for (const diskId of disks) {
    const copy = diskIds.create()
    const from = { kind: 'recoveryPoint', groupId, recoveryPointId: point, diskId } as const
    await use().store.createDisk(groupId, copy, SIZE, from)
    sequences.push(Number((await get(use, groupId, copy, 8)).replaceAll('\0', '0')))
    await use().store.deleteDisk(groupId, copy)
  }
  return sequences
}
