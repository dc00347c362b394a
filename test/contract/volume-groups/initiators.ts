import { expect, test } from 'vitest'
import { addDisk, addInitiator, attach, initiatorId, type Make, readAll, refused } from './helpers.ts'

export function initiatorsContract(make: Make): void {
  test('an initiator is registered once by its id, and its limit can change', async () => {
    await using made = await make()
    const { groups } = made
    const first = await addInitiator(groups, 'n1', 4)
    expect(first).toMatchObject({ id: 'n1', name: 'iqn.2026-01.test:n1', maxAttachments: 4 })
    expect(await addInitiator(groups, 'n1', 4)).toEqual(first)
    expect((await addInitiator(groups, 'n1', 8)).maxAttachments).toBe(8)
    expect(await groups.getInitiator(initiatorId('n1'))).toMatchObject({ maxAttachments: 8 })
    expect((await groups.listInitiators()).items).toHaveLength(1)
  })

  test("another initiator's iSCSI name is refused", async () => {
    await using made = await make()
    const { groups } = made
    const { name } = await addInitiator(groups, 'n1')
    const twin = groups.registerInitiator({ id: initiatorId('n2'), name, maxAttachments: 0 })
    await refused(twin, 'INITIATOR_NAME_TAKEN', { message: expect.stringContaining('n1') })
    await refused(groups.getInitiator(initiatorId('n2')), 'INITIATOR_NOT_FOUND')
  })

  test('all faults of a request are told together', async () => {
    await using made = await make()
    const call = made.groups.registerInitiator({ id: initiatorId('n1'), name: 'no iqn', maxAttachments: -1 })
    const fields = ['name', 'maxAttachments'].map((field) => expect.objectContaining({ field }))
    await refused(call, 'INVALID_ARGUMENT', { violations: expect.arrayContaining(fields) })
  })

  test('initiators are listed in pages', async () => {
    await using made = await make()
    const { groups } = made
    for (const name of ['n1', 'n2', 'n3', 'n4', 'n5']) await addInitiator(groups, name)
    const paged = await readAll((query) => groups.listInitiators(query), 2)
    expect(paged.map((initiator) => initiator.id).sort()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5'])
  })

  test('an initiator with disks is not removed; without them it is, and again is no error', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const { id } = await addInitiator(groups, 'n1')
    await attach(groups, disk.id, 'n1')
    await refused(groups.removeInitiator(id), 'INITIATOR_IN_USE', {
      message: expect.stringContaining(disk.id),
    })
    await groups.revoke(disk.id, id)
    await groups.removeInitiator(id)
    await refused(groups.getInitiator(id), 'INITIATOR_NOT_FOUND', { entity: { kind: 'initiator', id } })
    await groups.removeInitiator(id)
  })
}
