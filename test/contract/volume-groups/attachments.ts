import { expect, test } from 'vitest'
import { diskIds, naaOf, serialOf, targetNameOf } from '../../../src/volumegroups/index.ts'
import { addDisk, addInitiator, attach, initiatorId, type Make, MiB, readAll, refused } from './helpers.ts'

export function attachmentsContract(make: Make): void {
  granting(make)
  exclusion(make)
  revoking(make)
  lists(make)
}

function granting(make: Make): void {
  test('a granted disk has a connection that follows from the ids', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const initiator = await addInitiator(groups, 'n1')
    const attachment = await attach(groups, disk.id, 'n1')
    const targetName = targetNameOf(disk.groupId, initiator.id)
    const rights = { diskId: disk.id, initiatorId: 'n1', readOnly: false, shared: false }
    expect(attachment).toMatchObject({ ...rights, targetName, lun: disk.lun })
    expect((await groups.getDisk(disk.id)).attachedTo).toEqual(['n1'])

    const connection = await groups.connection(disk.id, initiator.id)
    expect(connection).toMatchObject({
      diskId: disk.id,
      initiatorName: initiator.name,
      targetName,
      lun: disk.lun,
      serial: serialOf(disk.id),
      naa: naaOf(disk.id),
      sizeBytes: 16n * MiB,
      readOnly: false,
    })
    expect(connection.portals.length).toBeGreaterThan(0)
    expect(connection.chap?.secret.length).toBeGreaterThanOrEqual(12)
    expect(connection.chap?.mutual?.secret).not.toBe(connection.chap?.secret)
  })

  test('granting again is no error; with other rights it is', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await addInitiator(groups, 'n1')
    const first = await attach(groups, disk.id, 'n1')
    expect(await attach(groups, disk.id, 'n1')).toEqual(first)
    await refused(attach(groups, disk.id, 'n1', { readOnly: true }), 'ATTACHED_DIFFERENTLY')
    await refused(attach(groups, disk.id, 'n1', { shared: true }), 'ATTACHED_DIFFERENTLY')
    expect((await groups.listAttachments()).items).toEqual([first])
  })

  test('the disk and the initiator must exist', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await refused(attach(groups, disk.id, 'nobody'), 'INITIATOR_NOT_FOUND')
    await addInitiator(groups, 'n1')
    await refused(attach(groups, diskIds.create(), 'n1'), 'DISK_NOT_FOUND')
    await refused(groups.connection(disk.id, initiatorId('n1')), 'ATTACHMENT_NOT_FOUND')
  })

  test('an initiator holds no more disks than it said', async () => {
    await using made = await make()
    const { groups } = made
    const [a, b] = [await addDisk(groups, 'a'), await addDisk(groups, 'b')]
    await addInitiator(groups, 'n1', 1)
    await attach(groups, a.id, 'n1')
    const entity = { kind: 'initiator', id: 'n1' }
    await refused(attach(groups, b.id, 'n1'), 'ATTACHMENT_LIMIT_REACHED', { entity })
    await attach(groups, a.id, 'n1')
    await groups.revoke(a.id, initiatorId('n1'))
    await attach(groups, b.id, 'n1')
  })
}

function exclusion(make: Make): void {
  test.each([
    ['exclusive, exclusive', false, false],
    ['exclusive, shared', false, true],
    ['shared, exclusive', true, false],
  ])('a second initiator is refused unless both share (%s)', async (_, first, second) => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    await addInitiator(groups, 'n1')
    await addInitiator(groups, 'n2')
    await attach(groups, disk.id, 'n1', { shared: first })
    const message = expect.stringContaining('n1')
    const entity = { kind: 'disk', id: disk.id }
    await refused(attach(groups, disk.id, 'n2', { shared: second }), 'DISK_ATTACHED', { message, entity })
    await groups.revoke(disk.id, initiatorId('n1'))
    await attach(groups, disk.id, 'n2', { shared: second })
  })

  test('a shared disk goes to several initiators, each with its own target', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    for (const node of ['n1', 'n2']) await addInitiator(groups, node)
    const one = await attach(groups, disk.id, 'n1', { shared: true })
    const two = await attach(groups, disk.id, 'n2', { shared: true, readOnly: true })
    expect(two.targetName).not.toBe(one.targetName)
    expect([...(await groups.getDisk(disk.id)).attachedTo].sort()).toEqual(['n1', 'n2'])
    expect((await groups.connection(disk.id, initiatorId('n2'))).readOnly).toBe(true)
  })

  test('of two exclusive grants at once, one wins', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const nodes = ['n1', 'n2', 'n3']
    for (const node of nodes) await addInitiator(groups, node)
    const results = await Promise.allSettled(nodes.map((node) => attach(groups, disk.id, node)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect((await groups.getDisk(disk.id)).attachedTo).toHaveLength(1)
  })
}

function revoking(make: Make): void {
  test('a revoked disk has no connection, and revoking again is no error', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const { id } = await addInitiator(groups, 'n1')
    await attach(groups, disk.id, 'n1')
    await groups.revoke(disk.id, id)
    await refused(groups.connection(disk.id, id), 'ATTACHMENT_NOT_FOUND')
    expect((await groups.getDisk(disk.id)).attachedTo).toEqual([])
    await groups.revoke(disk.id, id)
    await groups.revoke(disk.id, undefined)
    await groups.revoke(disk.id, initiatorId('nobody'))
    await groups.revoke(diskIds.create(), id)
  })

  test('revoking with no initiator named takes the disk from all', async () => {
    await using made = await make()
    const { groups } = made
    const [disk, other] = [await addDisk(groups, 'a'), await addDisk(groups, 'b')]
    for (const node of ['n1', 'n2', 'n3']) {
      await addInitiator(groups, node)
      await attach(groups, disk.id, node, { shared: true })
      await attach(groups, other.id, node, { shared: true })
    }
    await groups.revoke(disk.id, initiatorId('n2'))
    expect((await groups.getDisk(disk.id)).attachedTo).toHaveLength(2)
    await groups.revoke(disk.id, undefined)
    expect((await groups.getDisk(disk.id)).attachedTo).toEqual([])
    expect((await groups.getDisk(other.id)).attachedTo).toHaveLength(3)
  })
}

function lists(make: Make): void {
  test('attachments are listed by disk and by initiator, in pages', async () => {
    await using made = await make()
    const { groups } = made
    const [a, b] = [await addDisk(groups, 'a'), await addDisk(groups, 'b')]
    for (const node of ['n1', 'n2', 'n3']) {
      await addInitiator(groups, node)
      await attach(groups, a.id, node, { shared: true })
    }
    await attach(groups, b.id, 'n1')
    const paged = await readAll((query) => groups.listAttachments(query), 3)
    expect(paged).toHaveLength(4)
    expect(new Set(paged.map((item) => `${item.diskId} ${item.initiatorId}`)).size).toBe(4)
    expect((await groups.listAttachments({ diskId: a.id })).items).toHaveLength(3)
    const ofOne = (await groups.listAttachments({ initiatorId: initiatorId('n1') })).items
    expect(ofOne.map((item) => item.diskId).sort()).toEqual([a.id, b.id].sort())
    const both = { diskId: b.id, initiatorId: initiatorId('n2') }
    expect((await groups.listAttachments(both)).items).toEqual([])
  })
}
