import { expect, test } from 'vitest'
import { diskIds, volumeGroupIds } from '../../../src/volumegroups/index.ts'
import { addDisk, addInitiator, attach, type Make, readAll, refused } from './helpers.ts'

const HOUR_MS = 3_600_000
const KEPT = { graceMs: HOUR_MS }

/** What was deleted with a grace time is gone for every other call, and comes back as it was. */
export function deletionsContract(make: Make): void {
  test('a deleted disk is not found, is listed as deleted, and comes back as it was', async () => {
    await using made = await make()
    const { groups } = made
    const group = await groups.createGroup({ name: 'g', project: '/' })
    const own = { kind: 'existing', id: group.id } as const
    const disk = await addDisk(groups, 'a', { group: own, attributes: { for: 'x' } })
    await groups.deleteDisk(disk.id, KEPT)
    await refused(groups.getDisk(disk.id), 'DISK_NOT_FOUND')
    expect((await groups.listDisks()).items).toEqual([])
    const [deleted, ...more] = (await groups.listDeleted()).items
    expect(more).toEqual([])
    const { id, name, groupId, sizeBytes } = disk
    expect(deleted).toMatchObject({
      kind: 'disk',
      id,
      name,
      groupId,
      sizeBytes,
      project: '/',
      reason: 'user',
    })
    expect(deleted!.restorableUntil.getTime() - deleted!.deletedAt.getTime()).toBe(HOUR_MS)
    const back = await groups.undeleteDisk(disk.id)
    expect(back).toEqual({ ...disk, generation: disk.generation + 1 })
    expect(await groups.getDisk(disk.id)).toEqual(back)
    expect((await groups.listDeleted()).items).toEqual([])
    expect(await groups.undeleteDisk(disk.id)).toEqual(back)
  })

  test('without a grace time it is gone at once', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await groups.deleteDisk(disk.id, { graceMs: 0 })
    expect((await groups.listDeleted()).items).toEqual([])
    await refused(groups.undeleteDisk(disk.id), 'DISK_NOT_FOUND')
    await refused(groups.undeleteDisk(diskIds.create()), 'DISK_NOT_FOUND')
    await refused(groups.undeleteGroup(volumeGroupIds.create()), 'VOLUME_GROUP_NOT_FOUND')
  })

  test('what Kubernetes deletes and says nothing of is gone at once', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await groups.deleteDisk(disk.id, { reason: 'csi' })
    expect((await groups.listDeleted()).items).toEqual([])
  })

  test('its name is free for another disk, and its LUN is not', async () => {
    await using made = await make()
    const { groups } = made
    const group = { kind: 'named', name: 'g' } as const
    const disk = await addDisk(groups, 'a', { group })
    await groups.deleteDisk(disk.id, KEPT)
    const other = await addDisk(groups, 'a', { group })
    expect(other.id).not.toBe(disk.id)
    expect(other.lun).not.toBe(disk.lun)
    await refused(groups.undeleteDisk(disk.id), 'NAME_TAKEN')
    expect(await groups.undeleteDisk(disk.id, { name: 'b' })).toMatchObject({ id: disk.id, name: 'b' })
  })

  test('a group that was made for one disk goes and comes back with it', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await groups.deleteDisk(disk.id, KEPT)
    await refused(groups.getGroup(disk.groupId), 'VOLUME_GROUP_NOT_FOUND')
    expect(
      (await groups.listDeleted({ groupId: disk.groupId })).items.map(({ kind }) => kind).sort(),
    ).toEqual(['disk', 'volumeGroup'])
    await groups.undeleteDisk(disk.id)
    expect(await groups.getGroup(disk.groupId)).toMatchObject({ id: disk.groupId, implicit: true })
    expect((await groups.listDeleted()).items).toEqual([])
  })

  test('a group comes back before its disks, and under another name if its own is taken', async () => {
    await using made = await make()
    const { groups } = made
    const group = await groups.createGroup({ name: 'g', project: '/' })
    const disk = await addDisk(groups, 'a', { group: { kind: 'existing', id: group.id } })
    await groups.deleteDisk(disk.id, KEPT)
    await groups.deleteGroup(group.id, { graceMs: 0 })
    await refused(groups.getGroup(group.id), 'VOLUME_GROUP_NOT_FOUND')
    const [kept] = (await groups.listDeleted({ kind: 'volumeGroup' })).items
    const [inside] = (await groups.listDeleted({ kind: 'disk' })).items
    expect(kept).toMatchObject({ id: group.id, restorableUntil: inside!.restorableUntil })
    await refused(groups.undeleteDisk(disk.id), 'VOLUME_GROUP_DELETED')
    await groups.createGroup({ name: 'g', project: '/' })
    await refused(groups.undeleteGroup(group.id), 'NAME_TAKEN')
    expect(await groups.undeleteGroup(group.id, { name: 'h' })).toMatchObject({ id: group.id, name: 'h' })
    await groups.undeleteDisk(disk.id)
    expect(await groups.getDisk(disk.id)).toMatchObject({ groupId: group.id })
  })

  test('what is purged does not come back', async () => {
    await using made = await make()
    const { groups } = made
    const [a, b] = [await addDisk(groups, 'a'), await addDisk(groups, 'b')]
    for (const { id } of [a, b]) await groups.deleteDisk(id, KEPT)
    await groups.purgeDeleted(a.id)
    await groups.purgeDeleted(a.id)
    await groups.purgeDeleted(b.groupId)
    expect((await groups.listDeleted()).items).toEqual([])
    for (const { id } of [a, b]) await refused(groups.undeleteDisk(id), 'DISK_NOT_FOUND')
  })

  test('purging what is not deleted does nothing', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await groups.purgeDeleted(disk.id)
    await groups.purgeDeleted(disk.groupId)
    expect(await groups.getDisk(disk.id)).toEqual(disk)
  })

  test('an attached disk is not deleted, and a grace time is checked', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await addInitiator(groups, 'node')
    await attach(groups, disk.id, 'node')
    await refused(groups.deleteDisk(disk.id, KEPT), 'DISK_ATTACHED')
    await refused(groups.deleteDisk(disk.id, { graceMs: -1 }), 'INVALID_ARGUMENT')
    await refused(groups.deleteGroup(disk.groupId, { graceMs: 1e15 }), 'INVALID_ARGUMENT')
  })

  test('deleted once more after it came back, by the same key', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const call = { idempotencyKey: 'delete-a' }
    await groups.deleteDisk(disk.id, KEPT, call)
    await groups.deleteDisk(disk.id, KEPT, call)
    await groups.undeleteDisk(disk.id, {}, { idempotencyKey: 'undelete-a' })
    await groups.deleteDisk(disk.id, KEPT, call)
    await refused(groups.getDisk(disk.id), 'DISK_NOT_FOUND')
    await groups.undeleteDisk(disk.id, {}, { idempotencyKey: 'undelete-a' })
    await groups.getDisk(disk.id)
  })

  test('they are listed in pages', async () => {
    await using made = await make()
    const { groups } = made
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) {
      const disk = await addDisk(groups, name, { group: { kind: 'named', name: 'g' } })
      await groups.deleteDisk(disk.id, KEPT)
      ids.push(disk.id)
    }
    const listed = await readAll((query) => groups.listDeleted(query), 2)
    expect(listed.map(({ id }) => id).sort()).toEqual(ids.sort())
  })
}
