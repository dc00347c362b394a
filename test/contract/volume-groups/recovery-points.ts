import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  type DiskId,
  diskIds,
  MAX_RANGES,
  type RecoveryPointId,
  recoveryPointIds,
  type VolumeGroups,
  volumeGroupIds,
} from '../../../src/volumegroups/index.ts'
import { addDisk, type Make, MiB, readAll, refused } from './helpers.ts'

const group = { kind: 'named', name: 'g' } as const

export function recoveryPointsContract(make: Make): void {
  creation(make)
  retries(make)
  deletion(make)
  terms(make)
  lists(make)
  ranges(make)
}

function creation(make: Make): void {
  test('a recovery point holds its disks as they were', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a', { group })
    const b = await addDisk(groups, 'b', { group, size: { requiredBytes: 3n * MiB, limitBytes: undefined } })
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [a.id, b.id], grouped: true })
    expect(point).toMatchObject({ name: 'p', groupId: a.groupId, grouped: true })
    expect(recoveryPointIds.is(point.id)).toBe(true)
    const held = [
      { diskId: a.id, sizeBytes: 16n * MiB },
      { diskId: b.id, sizeBytes: 3n * MiB },
    ]
    expect(point.disks).toHaveLength(2)
    expect(point.disks).toEqual(expect.arrayContaining(held))
    await groups.growDisk(a.id, { requiredBytes: 32n * MiB, limitBytes: undefined })
    await groups.deleteDisk(b.id)
    expect(await groups.getRecoveryPoint(point.id)).toEqual(point)
  })

  test('what can not be taken at one instant is refused', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a')
    const b = await addDisk(groups, 'b')
    const take = (diskIds: DiskId[], name = 'p') =>
      groups.createRecoveryPoint({ name, diskIds, grouped: true })
    await refused(take([a.id, b.id]), 'DISKS_NOT_TOGETHER')
    await refused(take([a.id, diskIds.create()]), 'DISK_NOT_FOUND')
    const fields = ['name', 'diskIds'].map((field) => expect.objectContaining({ field }))
    await refused(take([], ''), 'INVALID_ARGUMENT', { violations: expect.arrayContaining(fields) })
    expect((await groups.listRecoveryPoints()).items).toEqual([])
  })

  test('an unknown recovery point is not found', async () => {
    await using made = await make()
    const id = recoveryPointIds.create()
    const entity = { kind: 'recoveryPoint', id }
    await refused(made.groups.getRecoveryPoint(id), 'RECOVERY_POINT_NOT_FOUND', { entity })
  })
}

function retries(make: Make): void {
  test('a retry with the same disks gets the recovery point made before', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a', { group })
    const b = await addDisk(groups, 'b', { group })
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [a.id, b.id], grouped: true })
    const again = await groups.createRecoveryPoint({ name: 'p', diskIds: [b.id, a.id], grouped: true })
    expect(again).toEqual(point)
  })

  test('a retry with other disks is refused, also in another group of the project', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a', { group })
    const b = await addDisk(groups, 'b', { group })
    const stranger = await addDisk(groups, 'stranger')
    const { id } = await groups.createRecoveryPoint({ name: 'p', diskIds: [a.id], grouped: false })
    for (const diskIds of [[b.id], [a.id, b.id], [stranger.id]]) {
      const call = groups.createRecoveryPoint({ name: 'p', diskIds, grouped: false })
      await refused(call, 'NAME_TAKEN', { entity: { kind: 'recoveryPoint', id } })
    }
    const elsewhere = await addDisk(groups, 'a', { project: '/team', createProject: true })
    const other = await groups.createRecoveryPoint({ name: 'p', diskIds: [elsewhere.id], grouped: false })
    expect(other.id).not.toBe(id)
  })
}

function deletion(make: Make): void {
  test('a deleted recovery point is gone with its images, and deleting it again is no error', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a')
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [a.id], grouped: false })
    await groups.deleteRecoveryPoint(point.id)
    await refused(groups.getRecoveryPoint(point.id), 'RECOVERY_POINT_NOT_FOUND')
    expect((await groups.listDiskImages({ recoveryPointId: point.id })).items).toEqual([])
    await groups.deleteRecoveryPoint(point.id)
    expect(await groups.getDisk(a.id)).toEqual(a)
  })
}

function terms(make: Make): void {
  const inAnHour = () => new Date(Date.now() + 3_600_000)

  test('a point of a whole group has all its disks; one of a group without any is refused', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a', { group })
    const b = await addDisk(groups, 'b', { group })
    const spec = { name: 'p', groupId: a.groupId }
    const point = await groups.createGroupPoint(spec)
    expect(point).toMatchObject({ ...spec, grouped: true, reason: 'user', labels: {} })
    expect(point.disks.map(({ diskId }) => diskId).sort()).toEqual([a.id, b.id].sort())
    await groups.deleteDisk(b.id)
    expect(await groups.createGroupPoint(spec)).toEqual(point)
    const other = await addDisk(groups, 'other')
    await refused(groups.createGroupPoint({ ...spec, groupId: other.groupId }), 'NAME_TAKEN')
    const empty = await groups.createGroup({ name: 'empty', project: '/' })
    await refused(groups.createGroupPoint({ name: 'q', groupId: empty.id }), 'VOLUME_GROUP_EMPTY')
    await refused(
      groups.createGroupPoint({ name: 'q', groupId: volumeGroupIds.create() }),
      'VOLUME_GROUP_NOT_FOUND',
    )
  })

  test('a point keeps the terms that it was made with, until they are set anew', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a')
    const made1 = {
      reason: 'csi',
      expiresAt: inAnHour(),
      labels: { app: 'x' },
    } as const
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [a.id], grouped: false, ...made1 })
    expect(point).toMatchObject(made1)
    const terms = { expiresAt: undefined, lockedUntil: undefined, labels: { app: 'y' } }
    const changed = { ...point, ...terms, generation: 2 }
    expect(point.generation).toBe(1)
    expect(await groups.updateRecoveryPoint(point.id, terms)).toEqual(changed)
    expect(await groups.updateRecoveryPoint(point.id, terms)).toEqual(changed)
    expect(await groups.getRecoveryPoint(point.id)).toEqual(changed)
    await refused(groups.updateRecoveryPoint(recoveryPointIds.create(), terms), 'RECOVERY_POINT_NOT_FOUND')
  })

  test('a locked point stays until the lock ends or is lifted, and a lock only grows', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a')
    const lockedUntil = inAnHour()
    const { id } = await groups.createGroupPoint({ name: 'p', groupId: a.groupId, lockedUntil })
    const entity = { kind: 'recoveryPoint', id }
    const set = (until: Date | undefined) =>
      groups.updateRecoveryPoint(id, { expiresAt: undefined, lockedUntil: until, labels: {} })
    await refused(groups.deleteRecoveryPoint(id), 'RECOVERY_POINT_LOCKED', { entity })
    await refused(set(undefined), 'RECOVERY_POINT_LOCKED')
    await refused(set(new Date(lockedUntil.getTime() - 1)), 'RECOVERY_POINT_LOCKED')
    const later = new Date(lockedUntil.getTime() + 1)
    expect(await set(later)).toMatchObject({ lockedUntil: later })
    await refused(groups.deleteRecoveryPoint(id), 'RECOVERY_POINT_LOCKED')
    await refused(groups.unlockRecoveryPoint(id, ''), 'INVALID_ARGUMENT')
    expect((await groups.unlockRecoveryPoint(id, 'wrong policy, ticket 7')).lockedUntil).toBeUndefined()
    await groups.deleteRecoveryPoint(id)
    await refused(groups.getRecoveryPoint(id), 'RECOVERY_POINT_NOT_FOUND')
  })
}

function lists(make: Make): void {
  test('lists filter and page, by recovery point and by image', async () => {
    await using made = await make()
    const { groups } = made
    const a = await addDisk(groups, 'a', { group })
    const b = await addDisk(groups, 'b', { group })
    const x = await addDisk(groups, 'x')
    const points = []
    for (const name of ['p', 'q', 'r']) {
      points.push(await groups.createRecoveryPoint({ name, diskIds: [a.id, b.id], grouped: true }))
    }
    const alone = await groups.createRecoveryPoint({ name: 'alone', diskIds: [x.id], grouped: false })

    expect(await readAll((query) => groups.listRecoveryPoints(query), 2)).toEqual([...points, alone])
    expect((await groups.listRecoveryPoints({ groupId: a.groupId })).items).toEqual(points)

    const images = await readAll((query) => groups.listDiskImages(query), 2)
    expect(images).toHaveLength(7)
    expect(new Set(images.map((image) => `${image.recoveryPointId} ${image.diskId}`)).size).toBe(7)
    const ofA = (await groups.listDiskImages({ diskId: a.id })).items
    expect(ofA.map((image) => image.recoveryPointId)).toEqual(points.map((point) => point.id))
    expect((await groups.listDiskImages({ recoveryPointId: alone.id })).items).toEqual([
      {
        recoveryPointId: alone.id,
        diskId: x.id,
        sizeBytes: 16n * MiB,
        grouped: false,
        createdAt: alone.createdAt,
      },
    ])
    const both = { recoveryPointId: points[1]!.id, diskId: b.id }
    expect((await groups.listDiskImages(both)).items).toHaveLength(1)
    expect((await groups.listDiskImages({ recoveryPointId: recoveryPointIds.create() })).items).toEqual([])
  })
}

function ranges(make: Make): void {
  test('blank images hold nothing, and do not differ', async () => {
    await using made = await make()
    const { groups } = made
    const { id: diskId } = await addDisk(groups, 'a')
    const [base, target] = [await pointOf(groups, diskId, 'p'), await pointOf(groups, diskId, 'q')]
    const none = { sizeBytes: 16n * MiB, ranges: [], nextBytes: undefined }
    expect(await groups.allocated({ recoveryPointId: target, diskId })).toEqual(none)
    expect(await groups.delta({ diskId, base, target })).toEqual(none)
    expect(await groups.delta({ diskId, base, target: base }, { fromBytes: 16n * MiB, limit: 1 })).toEqual(
      none,
    )
  })

  test('ranges of what is not there, or asked for wrongly, are refused', async () => {
    await using made = await make()
    const { groups } = made
    const [{ id: diskId }, { id: stranger }] = [await addDisk(groups, 'a'), await addDisk(groups, 'b')]
    const [base, target] = [await pointOf(groups, diskId, 'p'), await pointOf(groups, diskId, 'q')]
    const unknown = recoveryPointIds.create()
    const pairs = [
      { diskId, base, target: unknown },
      { diskId, base: unknown, target },
      { diskId: stranger, base, target },
    ]
    for (const images of pairs) await refused(groups.delta(images), 'RECOVERY_POINT_NOT_FOUND')
    const image = { recoveryPointId: target, diskId: stranger }
    await refused(groups.allocated(image), 'RECOVERY_POINT_NOT_FOUND')
    await refused(groups.delta({ diskId, base: target, target: base }), 'INVALID_ARGUMENT')
    const beyond = { fromBytes: 16n * MiB + 1n }
    await refused(groups.delta({ diskId, base, target }, beyond), 'OFFSET_OUT_OF_RANGE')
    const known = { recoveryPointId: target, diskId }
    await refused(groups.allocated(known, beyond), 'OFFSET_OUT_OF_RANGE')
    const violations = [expect.objectContaining({ field: 'limit' })]
    await refused(groups.allocated(known, { limit: MAX_RANGES + 1 }), 'INVALID_ARGUMENT', { violations })
  })
}

async function pointOf(groups: VolumeGroups, diskId: DiskId, name: string): Promise<RecoveryPointId> {
  const { id } = await groups.createRecoveryPoint({ name, diskIds: [diskId], grouped: false })
  await setTimeout(2) // the next one is later by any clock
  return id
}
