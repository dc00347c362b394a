import { expect, test } from 'vitest'
import { type DiskId, recoveryPointIds, type VolumeGroups } from '../../../src/volumegroups/index.ts'
import { addDisk, addInitiator, attach, type Make, MiB, refused } from './helpers.ts'

const group = { kind: 'named', name: 'g' } as const

/** Going back to a recovery point, and what the group takes. What bytes are there then is for the store's contract. */
export function restoresContract(make: Make): void {
  reverts(make)
  restores(make)
  space(make)
}

async function start(groups: VolumeGroups) {
  const a = await addDisk(groups, 'a', { group })
  const b = await addDisk(groups, 'b', { group })
  const diskIds = [a.id, b.id]
  return { a, b, diskIds, point: await groups.createRecoveryPoint({ name: 'p', diskIds, grouped: true }) }
}

const held = (disks: readonly { readonly diskId: DiskId }[]) => disks.map(({ diskId }) => diskId).sort()

function reverts(make: Make): void {
  test('a revert keeps what was there as a recovery point, and a retry finds it', async () => {
    await using made = await make()
    const { groups } = made
    const { a, b, diskIds, point } = await start(groups)
    const late = await addDisk(groups, 'late', { group })
    const kept = await groups.revertGroup(point.id, 'before')
    expect(kept).toMatchObject({ name: 'before', groupId: a.groupId, grouped: true, reason: 'user' })
    expect(held(kept.disks)).toEqual([...diskIds, late.id].sort())
    expect(await groups.getRecoveryPoint(kept.id)).toEqual(kept)
    expect(await groups.revertGroup(point.id, 'before')).toEqual(kept)
    expect(await groups.getDisk(b.id)).toEqual(b)
    expect((await groups.listRecoveryPoints({ groupId: a.groupId })).items).toHaveLength(2)
  })

  test('a group is not reverted while any of its disks is attached', async () => {
    await using made = await make()
    const { groups } = made
    const { b, point } = await start(groups)
    await addInitiator(groups, 'n1')
    await attach(groups, b.id, 'n1')
    const message = expect.stringMatching(/n1/)
    await refused(groups.revertGroup(point.id, 'before'), 'DISK_ATTACHED', { message })
    expect((await groups.listRecoveryPoints()).items).toEqual([point])
  })

  test('a revert that can not be is refused', async () => {
    await using made = await make()
    const { groups } = made
    const { a, diskIds, point } = await start(groups)
    await refused(groups.revertGroup(recoveryPointIds.create(), 'before'), 'RECOVERY_POINT_NOT_FOUND')
    await refused(groups.revertGroup(point.id, 'p'), 'NAME_TAKEN', {
      entity: { kind: 'recoveryPoint', id: point.id },
    })
    const violations = [expect.objectContaining({ field: 'keepAs' })]
    await refused(groups.revertGroup(point.id, ''), 'INVALID_ARGUMENT', { violations })
    for (const id of diskIds) await groups.deleteDisk(id)
    await refused(groups.revertGroup(point.id, 'before'), 'VOLUME_GROUP_EMPTY')
    await addDisk(groups, 'other', { group: { kind: 'existing', id: a.groupId } })
    await refused(groups.revertGroup(point.id, 'before'), 'DISK_NOT_FOUND')
  })
}

function restores(make: Make): void {
  test('a recovery point becomes a new group with new disks, and a retry finds it', async () => {
    await using made = await make()
    const { groups } = made
    const { a, b, diskIds, point } = await start(groups)
    await groups.deleteDisk(b.id)
    const restored = await groups.restoreGroup(point.id, { name: 'copy', project: '/' })
    expect(restored).toMatchObject({ name: 'copy', project: '/', implicit: false })
    expect(restored.id).not.toBe(a.groupId)
    const { items } = await groups.listDisks({ groupId: restored.id })
    const sources = items.map(({ source }) => source).flatMap((source) => (source ? [source] : []))
    expect(held(sources)).toEqual([...diskIds].sort())
    expect(items.map(({ sizeBytes }) => sizeBytes)).toEqual([16n * MiB, 16n * MiB])
    expect(items.some(({ id }) => diskIds.includes(id))).toBe(false)
    expect(await groups.restoreGroup(point.id, { name: 'copy', project: '/' })).toEqual(restored)
    await addDisk(groups, 'next', { group: { kind: 'existing', id: restored.id } })
  })

  test('a restore over what is there, or of what is not, is refused', async () => {
    await using made = await make()
    const { groups } = made
    const { a, point } = await start(groups)
    const entity = { kind: 'volumeGroup', id: a.groupId }
    await refused(groups.restoreGroup(point.id, { name: 'g', project: '/' }), 'NAME_TAKEN', { entity })
    const unknown = recoveryPointIds.create()
    const target = { name: 'copy', project: '/' }
    await refused(groups.restoreGroup(unknown, target), 'RECOVERY_POINT_NOT_FOUND')
    await refused(groups.restoreGroup(point.id, { ...target, project: '/none' }), 'PROJECT_NOT_FOUND')
    expect((await groups.listGroups({ name: 'copy' })).items).toEqual([])
  })
}

function space(make: Make): void {
  test('the space of a group is told for each disk and recovery point', async () => {
    await using made = await make()
    const { groups } = made
    const { a, diskIds, point } = await start(groups)
    const use = { exclusiveBytes: 0n, sharedBytes: 0n }
    const found = await groups.groupSpace(a.groupId)
    expect(found.group).toEqual({ exclusiveBytes: 0n, sharedBytes: 0n })
    expect(found.disks.map(({ id }) => id).sort()).toEqual([...diskIds].sort())
    expect(found.recoveryPoints).toEqual([{ id: point.id, ...use }])
  })
}
