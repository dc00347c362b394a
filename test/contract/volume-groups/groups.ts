import { expect, test } from 'vitest'
import { volumeGroupIds } from '../../../src/volumegroups/index.ts'
import { addDisk, type Make, readAll, refused } from './helpers.ts'

export function groupsContract(make: Make): void {
  creation(make)
  deletion(make)

  test('lists filter by name, and page without loss or repetition', async () => {
    await using made = await make()
    const { groups } = made
    const ids: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      ids.push((await groups.createGroup({ name, project: '/' })).id)
    const paged = await readAll((query) => groups.listGroups(query), 2)
    expect(paged.map((group) => group.id)).toEqual(ids)
    const named = await groups.listGroups({ name: 'c' })
    expect(named.items.map((group) => group.id)).toEqual([ids[2]])
    expect((await groups.listGroups({ name: 'nobody' })).items).toEqual([])
  })
}

function creation(make: Make): void {
  test('a group is made once for a project and name', async () => {
    await using made = await make()
    const { groups } = made
    const group = await groups.createGroup({ name: 'db', project: '/team-a', createProject: true })
    expect(group).toMatchObject({ name: 'db', project: '/team-a', implicit: false })
    expect(volumeGroupIds.is(group.id)).toBe(true)
    expect(group.createdAt).toBeInstanceOf(Date)
    expect(await groups.createGroup({ name: 'db', project: '/team-a' })).toEqual(group)
    expect((await groups.createGroup({ name: 'db', project: '/' })).id).not.toBe(group.id)
    expect(await groups.getGroup(group.id)).toEqual(group)
  })

  test('all faults of a request are told together', async () => {
    await using made = await make()
    const fields = ['name', 'project'].map((field) => expect.objectContaining({ field }))
    await refused(made.groups.createGroup({ name: '', project: 'no slash' }), 'INVALID_ARGUMENT', {
      violations: expect.arrayContaining(fields),
    })
  })

  test('an unknown group is not found', async () => {
    await using made = await make()
    const id = volumeGroupIds.create()
    await refused(made.groups.getGroup(id), 'VOLUME_GROUP_NOT_FOUND', { entity: { kind: 'volumeGroup', id } })
  })

  test('the generation grows with what the group holds', async () => {
    await using made = await make()
    const { groups } = made
    const group = await groups.createGroup({ name: 'g', project: '/' })
    await addDisk(groups, 'a', { group: { kind: 'existing', id: group.id } })
    expect((await groups.getGroup(group.id)).generation).toBeGreaterThan(group.generation)
  })
}

function deletion(make: Make): void {
  test('a group is deleted, and deleting it again is no error', async () => {
    await using made = await make()
    const { groups } = made
    const group = await groups.createGroup({ name: 'g', project: '/' })
    await groups.deleteGroup(group.id)
    await refused(groups.getGroup(group.id), 'VOLUME_GROUP_NOT_FOUND')
    await groups.deleteGroup(group.id)
    expect((await groups.createGroup({ name: 'g', project: '/' })).id).not.toBe(group.id)
  })

  test('a group that holds a disk or a recovery point is not deleted', async () => {
    await using made = await make()
    const { groups } = made
    const { id } = await groups.createGroup({ name: 'g', project: '/' })
    const disk = await addDisk(groups, 'a', { group: { kind: 'existing', id } })
    await refused(groups.deleteGroup(id), 'VOLUME_GROUP_NOT_EMPTY', { entity: { kind: 'volumeGroup', id } })
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [disk.id], grouped: false })
    await groups.deleteDisk(disk.id)
    await refused(groups.deleteGroup(id), 'VOLUME_GROUP_NOT_EMPTY')
    await groups.deleteRecoveryPoint(point.id)
    expect((await groups.getGroup(id)).id).toBe(id)
    await groups.deleteGroup(id)
  })

  test('an implicit group goes with its last disk and recovery point', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    expect((await groups.getGroup(disk.groupId)).implicit).toBe(true)
    const point = await groups.createRecoveryPoint({ name: 'p', diskIds: [disk.id], grouped: false })
    await groups.deleteDisk(disk.id)
    expect((await groups.getGroup(disk.groupId)).implicit).toBe(true)
    await groups.deleteRecoveryPoint(point.id)
    await refused(groups.getGroup(disk.groupId), 'VOLUME_GROUP_NOT_FOUND')
  })
}
