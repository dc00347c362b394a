import { expect, test } from 'vitest'
import { diskIds, recoveryPointIds } from '../../../src/volumegroups/index.ts'
import { contentAt, get, newDisk, newGroup, newPoint, put, SIZE, stored, type Use } from './helpers.ts'

export function revertTests(use: Use): void {
  test('a revert gives back what was, keeps what was before it, and can be done again and undone', async () => {
    const groupId = await newGroup(use)
    const [one, two] = [await newDisk(use, groupId, 'one'), await newDisk(use, groupId, 'two')]
    const point = await newPoint(use, groupId, [one, two])
    for (const disk of [one, two]) await put(use, groupId, disk, 'new')
    const keepAs = recoveryPointIds.create()
    for (const _ of ['once', 'again']) {
      await use().store.revertGroup(groupId, point, keepAs)
      expect(await get(use, groupId, one, 3)).toBe('one')
      expect(await get(use, groupId, two, 3)).toBe('two')
    }
    const kept = await contentAt(use, { groupId, diskId: one, point: keepAs }, SIZE)
    expect(kept.toString('utf8', 0, 3)).toBe('new')
    await put(use, groupId, one, 'own')
    expect((await contentAt(use, { groupId, diskId: one, point }, SIZE)).toString('utf8', 0, 3)).toBe('one')
    await use().store.revertGroup(groupId, keepAs, keepAs)
    expect(await get(use, groupId, one, 3)).toBe('new')
    const { recoveryPoints = [] } = (await stored(use, groupId)) ?? {}
    expect([...recoveryPoints].sort()).toEqual([point, keepAs].sort())
  })

  test('a revert leaves alone which disks there are, their sizes, and the disks that the point lacks', async () => {
    const groupId = await newGroup(use)
    const [grown, gone] = [await newDisk(use, groupId, 'then'), await newDisk(use, groupId, 'gone')]
    const outside = await newDisk(use, groupId, 'same')
    const point = await newPoint(use, groupId, [grown, gone])
    await put(use, groupId, grown, 'now!')
    await use().store.growDisk(groupId, grown, 2n * SIZE)
    await put(use, groupId, grown, 'tail', 2 * Number(SIZE) - 4)
    await use().store.deleteDisk(groupId, gone)
    const later = await newDisk(use, groupId, 'late')
    await use().store.revertGroup(groupId, point, recoveryPointIds.create())
    expect(await get(use, groupId, grown, 4)).toBe('then')
    expect(await get(use, groupId, grown, 4, 2 * Number(SIZE) - 4)).toBe('\0\0\0\0')
    expect(await get(use, groupId, outside, 4)).toBe('same')
    expect(await get(use, groupId, later, 4)).toBe('late')
    const { disks = [] } = (await stored(use, groupId)) ?? {}
    expect(new Map(disks.map(({ id, sizeBytes }) => [id, sizeBytes]))).toEqual(
      new Map([
        [grown, 2n * SIZE],
        [outside, SIZE],
        [later, SIZE],
      ]),
    )
  })

  test('a revert leaves alone a disk that is not in the point that keeps what was there', async () => {
    const groupId = await newGroup(use)
    const [one, aside] = [await newDisk(use, groupId, 'one'), await newDisk(use, groupId, 'two')]
    const point = await newPoint(use, groupId, [one, aside])
    for (const disk of [one, aside]) await put(use, groupId, disk, 'new')
    const keepAs = await newPoint(use, groupId, [one])
    for (const _ of ['once', 'again']) {
      await use().store.revertGroup(groupId, point, keepAs)
      expect(await get(use, groupId, one, 3)).toBe('one')
      expect(await get(use, groupId, aside, 3)).toBe('new')
    }
  })

  test('a revert to what is not there changes nothing', async () => {
    const groupId = await newGroup(use)
    const disk = await newDisk(use, groupId, 'here')
    const point = recoveryPointIds.create()
    const revert = use().store.revertGroup(groupId, point, recoveryPointIds.create())
    await expect(revert).rejects.toMatchObject({ reason: 'RECOVERY_POINT_NOT_FOUND', entity: { id: point } })
    expect(await get(use, groupId, disk, 4)).toBe('here')
    expect(await stored(use, groupId)).toMatchObject({ recoveryPoints: [] })
  })
}

export function quarantineTests(use: Use): void {
  test('what is put aside is found no more, and not lost', async () => {
    const groupId = await newGroup(use)
    const [diskId, stays] = [await newDisk(use, groupId, 'lost'), await newDisk(use, groupId)]
    const recoveryPointId = await newPoint(use, groupId, [diskId, stays])
    for (const _ of ['once', 'again']) {
      await use().store.quarantine({ kind: 'disk', groupId, diskId })
      await use().store.quarantine({ kind: 'recoveryPoint', groupId, recoveryPointId })
    }
    expect(await stored(use, groupId)).toMatchObject({ disks: [{ id: stays }], recoveryPoints: [] })
    for (const _ of ['once', 'again']) await use().store.quarantine({ kind: 'volumeGroup', groupId })
    expect(await stored(use, groupId)).toBeUndefined()
    const names = (await use().quarantined()).filter((name) =>
      [diskId, recoveryPointId, groupId].some((id) => name.startsWith(id)),
    )
    expect(names).toHaveLength(3)
    await use().store.quarantine({ kind: 'disk', groupId, diskId: diskIds.create() })
  })
}
