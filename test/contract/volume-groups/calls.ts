import { expect, test } from 'vitest'
import { MAX_PAGE, operationIds } from '../../../src/volumegroups/index.ts'
import { addDisk, addInitiator, attach, diskSpec, type Make, refused } from './helpers.ts'

/** What holds for every call alike: status, pages, keys, signals, operations. */
export function callsContract(make: Make): void {
  test('it says who it is and what it can hold', async () => {
    await using made = await make()
    const { groups } = made
    const status = await groups.status()
    expect(status).toMatchObject({ state: 'ready', site: expect.stringMatching(/./) })
    expect(status.startedAt).toBeInstanceOf(Date)
    expect((await groups.status()).elementId).toBe(status.elementId)
    const { totalBytes, availableBytes, maximumDiskBytes } = await groups.capacity()
    expect(maximumDiskBytes).toBeGreaterThan(0n)
    expect(availableBytes).toBeGreaterThanOrEqual(maximumDiskBytes)
    expect(totalBytes).toBeGreaterThanOrEqual(availableBytes)
  })

  pages(make)
  keys(make)
  keysUsedBefore(make)
  operations(make)

  test('a caller that went away is told so, and a retry finds the result', async () => {
    await using made = await make()
    const { groups } = made
    const signal = AbortSignal.abort()
    await refused(groups.createDisk(diskSpec('a'), { signal }), 'DEADLINE_EXCEEDED')
    await refused(groups.listDisks({}, { signal }), 'DEADLINE_EXCEEDED')
    const disk = await addDisk(groups, 'a')
    expect((await groups.listDisks()).items).toEqual([disk])
  })
}

function pages(make: Make): void {
  test('a token that the list did not give out is refused', async () => {
    await using made = await make()
    const { groups } = made
    for (const name of ['a', 'b']) await addDisk(groups, name)
    const { nextToken } = await groups.listDisks({ limit: 1 })
    expect(nextToken).toBeDefined()
    await refused(groups.listDisks({ token: 'garbage' }), 'PAGE_TOKEN_INVALID')
    await refused(groups.listAttachments({ token: nextToken }), 'PAGE_TOKEN_INVALID')
  })

  test.each([0, -1, MAX_PAGE + 1, 1.5])('a page of %d items is refused', async (limit) => {
    await using made = await make()
    const violations = [expect.objectContaining({ field: 'limit' })]
    await refused(made.groups.listDisks({ limit }), 'INVALID_ARGUMENT', { violations })
  })

  test('the last page has no token, also when it is full', async () => {
    await using made = await make()
    const { groups } = made
    for (const name of ['a', 'b']) await addDisk(groups, name)
    const page = await groups.listDisks({ limit: 2 })
    expect(page.items).toHaveLength(2)
    expect(page.nextToken).toBeUndefined()
  })
}

function keys(make: Make): void {
  test('the same key with the same request gives the same result', async () => {
    await using made = await make()
    const { groups } = made
    const call = { idempotencyKey: 'key-1' }
    const disk = await groups.createDisk(diskSpec('a'), call)
    expect(await groups.createDisk(diskSpec('a'), call)).toEqual(disk)
    await groups.deleteDisk(disk.id, {}, { idempotencyKey: 'key-2' })
    await groups.deleteDisk(disk.id, {}, { idempotencyKey: 'key-2' })
  })

  test('the same key with another request is refused', async () => {
    await using made = await make()
    const { groups } = made
    const call = { idempotencyKey: 'key-1' }
    await groups.createDisk(diskSpec('a'), call)
    await refused(groups.createDisk(diskSpec('b'), call), 'IDEMPOTENCY_KEY_REUSED')
    expect((await groups.listDisks({ name: 'b' })).items).toEqual([])
  })
}

function keysUsedBefore(make: Make): void {
  test('the same key makes the disk anew when it was deleted since', async () => {
    await using made = await make()
    const { groups } = made
    const call = { idempotencyKey: 'key-1' }
    const disk = await groups.createDisk(diskSpec('a'), call)
    await groups.deleteDisk(disk.id)
    const again = await groups.createDisk(diskSpec('a'), call)
    expect(again.id).not.toBe(disk.id)
    expect(await groups.getDisk(again.id)).toEqual(again)
  })

  test('the same keys grant and revoke anew', async () => {
    await using made = await make()
    const { groups } = made
    const { id: diskId } = await addDisk(groups, 'a')
    const { id } = await addInitiator(groups, 'n1')
    const rights = { diskId, initiatorId: id, readOnly: false, shared: false }
    for (const round of [1, 2]) {
      await groups.grant(rights, { idempotencyKey: 'grant' })
      expect((await groups.getDisk(diskId)).attachedTo, `round ${round}`).toEqual([id])
      await groups.revoke(diskId, id, { idempotencyKey: 'revoke' })
      expect((await groups.getDisk(diskId)).attachedTo, `round ${round}`).toEqual([])
    }
  })

  test('a request that was refused can be sent again with its key', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const { id } = await addInitiator(groups, 'n1')
    await attach(groups, disk.id, 'n1')
    const call = { idempotencyKey: 'key-1' }
    await refused(groups.deleteDisk(disk.id, {}, call), 'DISK_ATTACHED')
    await groups.revoke(disk.id, id)
    await groups.deleteDisk(disk.id, {}, call)
    await refused(groups.getDisk(disk.id), 'DISK_NOT_FOUND')
  })
}

function operations(make: Make): void {
  test('what was done can be looked up as an operation', async () => {
    await using made = await make()
    const { groups } = made
    const disk = await addDisk(groups, 'a')
    const { items } = await groups.listOperations({ state: 'done' })
    const operation = items.find((item) => item.entities.includes(disk.id))
    expect(operation).toMatchObject({ state: 'done', kind: 'createDisk' })
    expect(operation?.endedAt).toBeInstanceOf(Date)
    expect(await groups.getOperation(operation!.id)).toEqual(operation)
    expect((await groups.listOperations({ state: 'faulted' })).items).toEqual([])
  })

  test('an unknown operation is not found', async () => {
    await using made = await make()
    const id = operationIds.create()
    await refused(made.groups.getOperation(id), 'OPERATION_NOT_FOUND', { entity: { kind: 'operation', id } })
  })
}
